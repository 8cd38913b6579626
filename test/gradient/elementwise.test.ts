import { describe, expect, it } from "vitest";
import type { Random } from "../../src/base/random.js";
import { addedOperators, checkGradient, emit, type GradientCase, modelOf } from "./support.js";

const positive = (random: Random): number => 0.2 + 2 * random.uniform();
const inside = (random: Random): number => 1.6 * random.uniform() - 0.8;
const aboveOne = (random: Random): number => 1.1 + 2 * random.uniform();
/** Elements that stay away from the given kinks by more than finite differences reach. */
function avoiding(...kinks: readonly number[]): (random: Random) => number {
  return (random) => {
    for (;;) {
      const value = 2.5 * random.normal();
      if (kinks.every((kink) => Math.abs(value - kink) > 0.01)) return value;
    }
  };
}

const X = "g (float[2,3,2] x) => (float[2,3,2] y)";

describe("functions of one number", () => {
  const cases: readonly (readonly [body: string, x?: (random: Random) => number, rounding?: number])[] = [
    ["y = Neg(x)"],
    ["y = Abs(x)", avoiding(0)],
    ["y = Sqrt(x)", positive],
    ["y = Reciprocal(x)", positive],
    ["y = Exp(x)"],
    ["y = Log(x)", positive],
    ["y = Sin(x)"],
    ["y = Cos(x)"],
    ["y = Tan(x)", inside],
    ["y = Asin(x)", inside],
    ["y = Acos(x)", inside],
    ["y = Atan(x)"],
    ["y = Sinh(x)"],
    ["y = Cosh(x)"],
    ["y = Asinh(x)"],
    ["y = Acosh(x)", aboveOne],
    ["y = Atanh(x)", inside],
    ["y = Erf(x)"],
    ["y = Identity(x)"],
    ["y = Relu(x)", avoiding(0)],
    ["y = LeakyRelu(x)", avoiding(0)],
    ["y = LeakyRelu <alpha = -0.5> (x)", avoiding(0)],
    ["y = ThresholdedRelu(x)", avoiding(1)],
    ["y = ThresholdedRelu <alpha = -0.25> (x)", avoiding(-0.25)],
    ["y = Elu(x)", avoiding(0)],
    ["y = Elu <alpha = 0.7> (x)", avoiding(0)],
    ["y = Selu(x)", avoiding(0)],
    ["y = Selu <alpha = 1.5, gamma = 0.5> (x)", avoiding(0)],
    ["y = Celu(x)", avoiding(0)],
    ["y = Celu <alpha = 0.5> (x)", avoiding(0)],
    ["y = Sigmoid(x)"],
    ["y = Tanh(x)"],
    ["y = Softplus(x)"],
    ["y = Softsign(x)"],
    ["y = HardSigmoid(x)", avoiding(-2.5, 2.5)],
    ["y = HardSigmoid <alpha = -0.5, beta = 0.25> (x)", avoiding(-1.5, 0.5)],
    ["y = HardSwish(x)", avoiding(-3, 3)],
    ["y = Gelu(x)"],
    [`y = Gelu <approximate = "tanh"> (x)`],
    ["y = Mish(x)"],
    ["y = Shrink(x)", avoiding(-0.5, 0.5)],
    ["y = Shrink <lambd = 1.5, bias = 0.5> (x)", avoiding(-1.5, 1.5)],
  ];
  it.each(cases)("%s", async (body, x, rounding) => {
    await checkGradient(`${X} { ${body} }`, {
      ...(x === undefined ? {} : { feeds: { x } }),
      ...(rounding === undefined ? {} : { rounding }),
    });
  });

  it("Swish, which onnxruntime does not have", async () => {
    await checkGradient(`${X} { y = Swish(x) }`, { opset: 24, runnable: false });
    await checkGradient(`${X} { y = Swish <alpha = -1.5> (x) }`, { opset: 24, runnable: false });
  });

  it.each(["Sign", "Floor", "Ceil", "Round"])("%s gives zeros", async (op) => {
    const gradients = await checkGradient(`${X} { y = ${op}(x) }`, { feeds: { x: avoiding(-1, 0, 1) } });
    expect(new Set(gradients.get("x_grad")?.data)).toEqual(new Set([0]));
  });
});

describe("operators that broadcast", () => {
  const SHAPES: readonly (readonly [a: string, b: string, y: string])[] = [
    ["[2,3]", "[2,3]", "[2,3]"],
    ["[2,1,3]", "[4,1]", "[2,4,3]"],
    ["[]", "[2]", "[2]"],
    ["[2,3]", "[1,1,3]", "[1,2,3]"],
  ];
  const far = { feeds: { b: positive } };
  const cases: readonly (readonly [op: string, options?: GradientCase])[] = [
    ["Add(a, b)"],
    ["Sub(a, b)"],
    ["Mul(a, b)"],
    ["Div(a, b)", far],
    ["Pow(a, b)", { feeds: { a: positive } }],
    ["Max(a, b)", { seed: 3 }],
    ["Min(a, b)", { seed: 3 }],
    ["Sum(a, b, a)"],
    ["Mean(a, b, b)"],
    ["Mod <fmod = 1> (a, b)", { feeds: { b: aboveOne }, seed: 4 }],
    ["PRelu(a, b)"],
  ];
  for (const [op, options] of cases) {
    it.each(SHAPES)(`${op} of %s and %s`, async (a, b, y) => {
      if (op.startsWith("PRelu") && y !== a) return;
      await checkGradient(`g (float${a} a, float${b} b) => (float${y} y) { y = ${op} }`, options);
    });
  }
});
