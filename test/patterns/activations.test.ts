import { describe, expect, it } from "vitest";
import { expectKept, expectRewrite, rewrite } from "../support/rewrite.js";
import { constant, graphText, literal } from "../support/text.js";

const CONSTANTS = [
  "float three = {3}",
  "float zero = {0}",
  "float six = {6}",
  "float sixth = {0.16666667}",
  "float half = {0.5}",
  "float one = {1}",
  "float two = {2}",
  "float cubed = {3}",
  "float root2 = {1.4142135}",
  "float rsqrt2 = {0.70710677}",
  "float rootpi = {0.7978846}",
  "float cubic = {0.044715}",
];

const used = (nodes: string): string[] =>
  CONSTANTS.filter((text) => new RegExp(`\\b${/(\w+)(\[1\])? =/.exec(text)?.[1]}\\b`).test(nodes));
const unary = (nodes: string, input = "float[N,3,5] x"): string => graphText(input, used(nodes), nodes);

interface Case {
  readonly opset: number;
  readonly spellings: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  HardSigmoid: {
    opset: 13,
    spellings: [
      "a = Add (x, three) b = Clip (a, zero, six) y = Div (b, six)",
      "a = Add (three, x) b = Clip (a, zero, six) y = Mul (sixth, b)",
      "a = Mul (x, sixth) b = Add (half, a) y = Clip (b, zero, one)",
      "a = Add (x, three) b = Relu (a) c = Min (b, six) y = Div (c, six)",
    ],
  },
  HardSwish: {
    opset: 14,
    spellings: [
      "a = Add (x, three) b = Clip (a, zero, six) c = Mul (x, b) y = Div (c, six)",
      "a = Add (x, three) b = Clip (a, zero, six) c = Mul (b, x) y = Mul (sixth, c)",
      "a = Add (x, three) b = Clip (a, zero, six) c = Div (b, six) y = Mul (x, c)",
      "a = Add (three, x) b = Max (a, zero) c = Min (six, b) d = Div (c, six) y = Mul (d, x)",
      "a = Add (three, x) b = Min (a, six) c = Max (zero, b) d = Mul (x, sixth) y = Mul (d, c)",
      "a = HardSigmoid <alpha = 0.16666667, beta = 0.5> (x) y = Mul (x, a)",
    ],
  },
  Mish: {
    opset: 18,
    spellings: [
      "a = Softplus (x) b = Tanh (a) y = Mul (x, b)",
      "a = Exp (x) b = Add (one, a) c = Log (b) d = Tanh (c) y = Mul (d, x)",
    ],
  },
  Swish: {
    opset: 24,
    spellings: [
      "a = Sigmoid (x) y = Mul (x, a)",
      "a = Mul (x, three) b = Sigmoid (a) y = Mul (b, x)",
      "a = Neg (x) b = Exp (a) c = Add (b, one) y = Div (x, c)",
    ],
  },
  Sigmoid: {
    opset: 13,
    spellings: [
      "a = Neg (x) b = Exp (a) c = Add (b, one) y = Div (one, c)",
      "a = Neg (x) b = Exp (a) c = Add (one, b) y = Reciprocal (c)",
    ],
  },
  Softsign: {
    opset: 13,
    spellings: ["a = Abs (x) b = Add (a, one) y = Div (x, b)", "a = Abs (x) b = Add (one, a) y = Div (x, b)"],
  },
  Softplus: { opset: 11, spellings: ["a = Exp (x) b = Add (a, one) y = Log (b)"] },
  Gelu: {
    opset: 20,
    spellings: [
      "a = Div (x, root2) b = Erf (a) c = Add (b, one) d = Mul (x, c) y = Mul (d, half)",
      "a = Div (x, root2) b = Erf (a) c = Add (b, one) d = Mul (x, half) y = Mul (d, c)",
      "a = Mul (x, rsqrt2) b = Erf (a) c = Add (one, b) d = Mul (half, c) y = Mul (d, x)",
      "a = Div (x, root2) b = Erf (a) c = Mul (b, half) d = Add (c, half) y = Mul (x, d)",
      "a = Div (x, root2) b = Erf (a) c = Add (b, one) d = Mul (c, x) y = Div (d, two)",
      "a = Pow (x, cubed) b = Mul (a, cubic) c = Add (x, b) d = Mul (c, rootpi) e = Tanh (d) f = Add (e, one) " +
        "g = Mul (half, x) y = Mul (g, f)",
      "s = Mul (x, x) a = Mul (s, x) b = Mul (cubic, a) c = Add (b, x) d = Mul (rootpi, c) e = Tanh (d) " +
        "f = Add (one, e) g = Mul (f, half) y = Mul (x, g)",
      "s = Mul (x, x) b = Mul (cubic, s) c = Add (b, one) k = Mul (rootpi, x) d = Mul (k, c) e = Tanh (d) " +
        "f = Add (one, e) g = Mul (x, f) y = Mul (g, half)",
    ],
  },
  LeakyRelu: {
    opset: 16,
    spellings: [
      "a = Mul (x, sixth) y = Max (x, a)",
      "p = Greater (x, zero) a = Mul (x, sixth) y = Where (p, x, a)",
      "p = Less (x, zero) a = Mul (sixth, x) y = Where (p, a, x)",
      "p = Less (zero, x) a = Mul (sixth, x) y = Where (p, x, a)",
    ],
  },
  Elu: {
    opset: 13,
    spellings: [
      "p = Greater (x, zero) a = Exp (x) b = Sub (a, one) c = Mul (b, two) y = Where (p, x, c)",
      "p = LessOrEqual (x, zero) a = Exp (x) b = Sub (a, one) y = Where (p, b, x)",
      "r = Relu (x) a = Exp (x) b = Sub (a, one) c = Mul (b, two) d = Min (c, zero) y = Add (r, d)",
    ],
  },
  Selu: {
    opset: 13,
    spellings: [
      "p = Greater (x, zero) k = Mul (x, two) a = Exp (x) b = Sub (a, one) c = Mul (b, three) y = Where (p, k, c)",
    ],
  },
  Celu: {
    opset: 13,
    spellings: [
      "r = Max (x, zero) q = Div (x, two) a = Exp (q) b = Sub (a, one) c = Mul (b, two) d = Min (c, zero) y = Add (r, d)",
    ],
  },
};

describe("activations that are spelled out", () => {
  for (const [opType, { opset, spellings }] of Object.entries(CASES)) {
    it(`become one ${opType}`, async () => {
      for (const nodes of spellings) await expectRewrite(unary(nodes), [`y = ${opType}(x)`], { opset });
    });
  }

  it("keep the parameters that were spelled", async () => {
    const swish = await rewrite(unary("a = Mul (x, three) b = Sigmoid (a) y = Mul (b, x)"), { opset: 24 });
    expect(swish.model.graph.first?.float("alpha")).toBe(3);
    const elu = await rewrite(
      unary("p = Greater (x, zero) a = Exp (x) b = Sub (a, one) c = Mul (b, two) y = Where (p, x, c)"),
    );
    expect(elu.model.graph.first?.float("alpha")).toBe(2);
    const gelu = await rewrite(unary(CASES["Gelu"]?.spellings[5] ?? ""), { opset: 20 });
    expect(gelu.model.graph.first?.string("approximate")).toBe("tanh");
  });

  it("PRelu, with a slope along an axis", async () => {
    const nodes = "n = Neg (x) p = Relu (x) q = Relu (n) r = Mul (slope, q) y = Sub (p, r)";
    await expectRewrite(graphText("float[N,3,5] x", [constant("slope", [3, 1])], nodes), [
      "y = PRelu(x, slope)",
    ]);
  });

  it("half precision, whose constants are rounded to it", async () => {
    const half = (name: string, value: number): string => literal(name, [], [value], "float16");
    const text = graphText(
      "float16[N,3,5] x",
      [half("r", Math.SQRT1_2), half("one", 1), half("h", 0.5)],
      "a = Mul (x, r) b = Erf (a) c = Add (b, one) d = Mul (x, c) y = Mul (d, h)",
    );
    await expectRewrite(text, ["y = Gelu(x)"], { opset: 20, runnable: "maybe" });
  });
});

describe("expressions that only look like an activation", () => {
  it("another value is multiplied", async () => {
    await expectKept(
      graphText("float[N,3] x, float[N,3] z", [], "a = Sigmoid (z) y = Mul (x, a)"),
      undefined,
      {
        opset: 24,
      },
    );
    await expectKept(
      graphText(
        "float[N,3] x, float[N,3] z",
        ["float r = {0.70710677}", "float one = {1}", "float h = {0.5}"],
        "a = Mul (z, r) b = Erf (a) c = Add (b, one) d = Mul (x, c) y = Mul (d, h)",
      ),
      undefined,
      { opset: 20 },
    );
  });

  it("a constant is off, or the step runs between other levels", async () => {
    for (const [r, one, h] of [
      [0.7, 1, 0.5],
      [0.70710677, 1.001, 0.5],
      [0.70710677, 1, 0.51],
    ]) {
      const constants = [`float r = {${r}}`, `float one = {${one}}`, `float h = {${h}}`];
      const nodes = "a = Mul (x, r) b = Erf (a) c = Add (b, one) d = Mul (x, c) y = Mul (d, h)";
      await expectKept(graphText("float[N,3] x", constants, nodes), undefined, { opset: 20 });
    }
    for (const [k, six] of [
      [2, 6],
      [3, 5],
    ]) {
      const constants = [`float k = {${k}}`, "float zero = {0}", `float six = {${six}}`, "float d = {6}"];
      const nodes = "a = Add (x, k) b = Clip (a, zero, six) c = Mul (x, b) y = Div (c, d)";
      await expectKept(graphText("float[N,3] x", constants, nodes), undefined, { opset: 14 });
    }
  });

  it.each([
    ["another value is divided", "a = Abs (x) b = Add (a, one) y = Div (z, b)"],
    ["the sum does not start at 1", "a = Abs (x) b = Add (a, two) y = Div (x, b)"],
    ["the other way round", "a = Abs (x) b = Add (a, one) y = Div (b, x)"],
  ])("it is no Softsign: %s", async (_, nodes) => {
    await expectKept(unary(nodes, "float[N,3,5] x, float[N,3,5] z"), undefined, { opset: 17 });
  });

  it("a constant of higher rank makes the result a matrix", async () => {
    const nodes = "a = Exp (x) b = Add (a, one) y = Log (b)";
    await expectKept(graphText("float[5] x", ["float[1,1] one = {1}"], nodes));
    await expectRewrite(graphText("float[5] x", ["float[1] one = {1}"], nodes), ["y = Softplus(x)"]);
    await expectKept(graphText("float[5] x", ["float[1,1] a = {0.25}"], "m = Mul (x, a) y = Max (x, m)"));
  });

  it("the slope of a PRelu that would make the input larger, or of LeakyRelu above one", async () => {
    const nodes = "n = Neg (x) p = Relu (x) q = Relu (n) r = Mul (slope, q) y = Sub (p, r)";
    await expectKept(graphText("float[1,5] x", [constant("slope", [3, 1])], nodes));
    await expectKept(graphText("float[N,5] x", ["float a = {2}"], "m = Mul (x, a) y = Max (x, m)"));
  });

  it("float64, for which onnxruntime has no kernel", async () => {
    const nodes = "a = Add (x, k) b = Clip (a, z, s) c = Div (b, s) y = Mul (x, c)";
    const constants = ["double k = {3}", "double z = {0}", "double s = {6}"];
    await expectKept(graphText("double[N,5] x", constants, nodes), undefined, { opset: 14 });
  });
});
