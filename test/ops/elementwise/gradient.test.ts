import { describe, expect, it } from "vitest";
import type { Random } from "../../../src/base/random.js";
import { addedOperators, checkGradient, emit, type GradientCase, modelOf } from "../../support/gradient.js";

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
  const cases: readonly (readonly [body: string, x?: (random: Random) => number])[] = [
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
  for (const [body, x] of cases) {
    it(body, async () => {
      await checkGradient(`${X} { ${body} }`, x === undefined ? {} : { feeds: { x } });
    });
  }

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
    ["", "[2]", "[2]"],
    ["[2,3]", "[1,1,3]", "[1,2,3]"],
  ];
  // No element of one is near an element of the other.
  const apart = {
    feeds: {
      a: (random: Random) => random.integer(-9, 10) / 5,
      b: (random: Random) => random.integer(-9, 10) / 5 + 0.1,
    },
  };
  const far = { feeds: { b: positive } };
  const cases: readonly (readonly [op: string, options?: GradientCase])[] = [
    ["Add(a, b)"],
    ["Sub(a, b)"],
    ["Mul(a, b)"],
    ["Div(a, b)", far],
    ["Pow(a, b)", { feeds: { a: positive } }],
    ["Max(a, b)", apart],
    ["Min(a, b)", apart],
    ["Sum(a, b, a)"],
    ["Mean(a, b, b)"],
    ["Mod <fmod = 1> (a, b)", { feeds: { b: aboveOne }, seed: 4 }],
  ];
  for (const [op, options] of cases) {
    it.each(SHAPES)(`${op} of %s and %s`, async (a, b, y) => {
      await checkGradient(`g (float${a} a, float${b} b) => (float${y} y) { y = ${op} }`, options);
    });
  }

  it.each(["[2,3,4]", "[3,1]", "[1]", ""])("PRelu with a slope of %s", async (slope) => {
    await checkGradient(`g (float[2,3,4] x, float${slope} s) => (float[2,3,4] y) { y = PRelu(x, s) }`, {
      feeds: { x: avoiding(0) },
    });
  });
});

describe("Pow", () => {
  it.each([-1, 0, 0.5, 1, 2, 3, 2.5, -1.5])("x to the %s", async (p) => {
    const text = `g (float[2,3] x) => (float[2,3] y) <float p = {${p.toFixed(2)}}> { y = Pow(x, p) }`;
    await checkGradient(text, { feeds: { x: positive } });
  });

  it("of negative bases, to exponents of another type", async () => {
    const text = "g (float[2,3] x) => (float[2,3] y) <int64[3] p = {0, 2, 3}> { y = Pow(x, p) }";
    await checkGradient(text);
    await checkGradient("g (float[4] x, int64[4] p) => (float[4] y) { y = Pow(x, p) }", {
      feeds: { x: [-2, 0, 0, 1.5], p: [3, 0, 1, -2] },
      expected: { x: [12, 0, 1, -2 * 1.5 ** -3] },
      seeds: [1, 1, 1, 1],
    });
  });

  it("gives no gradient to an exponent whose base is not positive", async () => {
    await checkGradient("g (float[4] x, float[4] p) => (float[4] y) { y = Pow(x, p) }", {
      feeds: { x: [-2, 0, 0, 1.5], p: [3, 2, 1, -2] },
      expected: { x: [12, 0, 1, -2 * 1.5 ** -3], p: [0, 0, 0, 1.5 ** -2 * Math.log(1.5)] },
      seeds: [1, 1, 1, 1],
    });
  });
});

describe("choices", () => {
  const x = [-2, -1, -0.5, 0, 0.5, 1];
  const ones = [1, 1, 1, 1, 1, 1];

  it("Clip with either bound, none and crossed ones", async () => {
    const clip = (inputs: string, bounds: string): string =>
      `g (float[6] x${inputs}) => (float[6] y) { y = Clip(x${bounds}) }`;
    const feeds = { x: [-2, -1.1, -0.5, 0.1, 0.4, 1], low: [-1], high: [0.25] };
    await checkGradient(clip(", float low, float high", ", low, high"), { feeds });
    await checkGradient(clip(", float low", ", low"), { feeds });
    await checkGradient(clip(", float high", ", , high"), { feeds });
    await checkGradient(clip("", ""), { feeds });
    await checkGradient(clip(", float low, float high", ", low, high"), {
      feeds: { ...feeds, low: [0.3], high: [-0.75] },
    });
  });

  it("Where, with all three broadcast", async () => {
    const text = "g (bool[2,1,3] c, float[2,1] a, float[3] b) => (float[2,2,3] y) { y = Where(c, a, b) }";
    await checkGradient(text, { feeds: { c: [1, 0, 1, 0, 0, 1] } });
    await checkGradient(text, { feeds: { c: [1, 0, 1, 0, 0, 1] }, wrt: ["b"] });
  });

  it("passes casts between floating-point types, and none through integers", async () => {
    await checkGradient("g (float[3] x) => (double[3] y) { y = Cast <to = 11> (x) }");
    await checkGradient("g (float[3] x, double[1] like) => (double[3] y) { y = CastLike(x, like) }", {
      wrt: ["x"],
    });
    const gradients = await checkGradient(
      "g (float[3] x) => (float[3] y) { i = Cast <to = 7> (x) y = Cast <to = 1> (i) }",
      { feeds: { x: [0.5, 1.5, -2.5] } },
    );
    expect([...(gradients.get("x_grad")?.data ?? [])]).toEqual([0, 0, 0]);
  });

  it.each([
    ["Relu(x)", [0, 0, 0, 0, 1, 1]],
    ["LeakyRelu <alpha = 0.5> (x)", [0.5, 0.5, 0.5, 0.5, 1, 1]],
    ["Elu <alpha = 0.5> (x)", [-2, -1, -0.5, 0].map((v) => 0.5 * Math.exp(v)).concat([1, 1])],
    ["ThresholdedRelu <alpha = 0.5> (x)", [0, 0, 0, 0, 0, 1]],
    ["Abs(x)", [-1, -1, -1, 0, 1, 1]],
    ["Shrink <lambd = 0.5> (x)", [1, 1, 0, 0, 0, 1]],
    ["HardSigmoid <alpha = 0.5, beta = 0.5> (x)", [0, 0, 0.5, 0.5, 0.5, 0]],
    ["Clip(x, low, high)", [0, 1, 1, 1, 1, 0]],
    ["Max(x, zero)", [0, 0, 0, 0.5, 1, 1]],
    ["Min(x, zero, zero)", [1, 1, 1, 1 / 3, 0, 0]],
  ])("%s at its kinks", async (body, expected) => {
    const constants = "<float low = {-1.0}, float high = {0.5}, float zero = {0.0}>";
    await checkGradient(`g (float[6] x) => (float[6] y) ${constants} { y = ${body} }`, {
      feeds: { x },
      seeds: ones,
      expected: { x: expected },
    });
  });

  it("HardSwish at its kinks", async () => {
    await checkGradient("g (float[2] x) => (float[2] y) { y = HardSwish(x) }", {
      feeds: { x: [-3, 3] },
      seeds: [1, 1],
      expected: { x: [0, 1] },
    });
  });

  it("shares the gradient among all operands that are equal", async () => {
    await checkGradient("g (float[2] a, float[1] b, float[2] c) => (float[2] y) { y = Max(a, b, c) }", {
      feeds: { a: [1, 2], b: [1], c: [1, 0] },
      seeds: [3, 5],
      expected: { a: [1, 5], b: [1], c: [1, 0] },
    });
  });
});

describe("the nodes that are added", () => {
  it.each([
    ["Mul(x, c)", "Mul 1"],
    ["Add(x, c)", ""],
    ["Relu(x)", "Cast 1, Greater 1, Mul 1"],
    ["Sigmoid(x)", "Mul 2, Sub 1"],
    ["Pow(x, two)", "Mul 2"],
  ])("%s takes %s", (body, expected) => {
    const constants = "<float[3] c = {1.0, 2.0, 3.0}, float two = {2.0}>";
    const model = modelOf(`g (float[2,3] x) => (float[2,3] y) ${constants} { y = ${body} }`);
    expect(addedOperators(model, emit(model, "y", ["x"]))).toBe(expected);
  });
});
