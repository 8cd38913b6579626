import { describe, it } from "vitest";
import {
  affineCase,
  behindConv,
  bn,
  convolution,
  image,
  positive,
  signed,
  UP,
} from "../../support/affine-cases.js";
import { expectKept } from "../../support/rewrite.js";
import { constant, graphText, normalization } from "../../support/text.js";

const W = constant("W", [5, 3, 2, 3]);
const b = constant("b", [5]);
const X = "float[N,3,6,7] x";

describe("operators of one operand", () => {
  behindConv("row 32: Identity", "t = Identity (c)", { left: ["Conv", "Identity"] });
  behindConv("Neg", "t = Neg (c)", { left: ["Conv"] });
  behindConv("Cast to float from double", "d = Cast <to = 11> (c) t = Cast <to = 1> (d)", {
    refused: /in float the map would lose precision that it has in double \[cast-would-lose-precision\]/,
  });
  behindConv("Relu and a shift", "t = Relu (c)", { refused: "shift-does-not-pass" }, positive);
  behindConv("Softsign", "t = Softsign (c)", { refused: "takes-no-map-of-output" });
  affineCase(
    "Relu under scales of both signs",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), constant("k", [z.K, 1, 1], { low: -1, high: 1 })],
      nodes: "c = Conv (x, f_W, f_b) t = Relu (c) y = Mul (k, t)",
    }),
    { ...UP, left: ["Conv", "Relu", "Mul"] },
  );
});

describe("operators of several operands", () => {
  for (const opType of ["Add", "Sub"]) {
    affineCase(
      `row 36: residual ${opType} of two Convs, which share their weight`,
      (z) => ({
        input: image(z),
        constants: [...convolution("f", z.C, z.C), constant("g", [z.C]), signed("bn", z.C)],
        nodes: `r = Relu (x) c = Conv (x, f_W, f_b) d = Conv (r, f_W, g) t = ${opType} (c, d) ${bn}`,
      }),
      { ...UP, left: ["Relu", "Conv", "Conv", opType] },
    );
  }
  affineCase(
    "a shift that only the subtrahend has a place for",
    (z) => ({
      input: `float[${z.N},${z.H},${z.C}] x`,
      constants: [
        constant("A", [z.C, z.K]),
        constant("B", [z.C, z.K]),
        constant("b", [z.K]),
        constant("k", [z.K]),
        constant("l", [z.K]),
      ],
      nodes: `c = MatMul (x, A) d = MatMul (x, B) e = Add (d, b) s = Sub (c, e) m = Mul (s, k) y = Add (m, l)`,
    }),
    { ...UP, left: ["MatMul", "MatMul", "Add", "Sub"] },
  );
  affineCase(
    "Sum of three Convs",
    (z) => ({
      input: image(z),
      constants: [
        ...convolution("f", z.C, z.K),
        ...convolution("g", z.C, z.K),
        constant("h_W", [z.K, z.C, 1, 1]),
        signed("bn", z.K),
      ],
      nodes: `a = Conv (x, f_W, f_b) b = Conv (x, g_W, g_b) c = Conv (x, h_W) t = Sum (a, b, c) ${bn}`,
    }),
    { ...UP, left: ["Conv", "Conv", "Conv", "Sum"] },
  );
  affineCase(
    "a residual that is an input of the graph",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.C), signed("bn", z.C)],
      nodes: `a = Conv (x, f_W, f_b) t = Add (a, x) ${bn}`,
    }),
    { ...UP, refused: /graph input "x" takes no scale/ },
  );
  affineCase(
    "an Add of a term with fewer axes, which has no channels",
    (z) => ({
      input: `${image(z)}, float[${z.W}] u`,
      constants: [...convolution("f", z.C, z.K), constant("g", [z.W, z.W]), signed("bn", z.K)],
      nodes: `a = Conv (x, f_W, f_b) m = MatMul (u, g) t = Add (a, m) ${bn}`,
    }),
    { ...UP, refused: "value-lacks-channels" },
  );
  affineCase(
    "an Add of a term for each channel, from a Gemm",
    (z) => ({
      input: image(z),
      constants: [
        ...convolution("f", z.C, z.K),
        constant("G", [z.C, z.K]),
        constant("gb", [z.K]),
        "int64[2] axes = {2, 3}",
        signed("bn", z.K),
      ],
      nodes: `a = Conv (x, f_W, f_b) p = GlobalMaxPool (x) q = Flatten (p) g = Gemm (q, G, gb) u = Unsqueeze (g, axes)
        t = Add (u, a) ${bn}`,
    }),
    { ...UP, left: ["Conv", "GlobalMaxPool", "Flatten", "Gemm", "Unsqueeze", "Add"] },
  );
  affineCase(
    "a gate: the scale goes to one factor, a shift to none",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), ...convolution("g", z.C, z.K), constant("k", [z.K, 1, 1])],
      nodes: `a = Conv (x, f_W, f_b) b = Conv (x, g_W, g_b) s = Sigmoid (b) t = Mul (s, a) y = Div (t, k)`,
    }),
    { ...UP, left: ["Conv", "Conv", "Sigmoid", "Mul"] },
  );
  affineCase(
    "a gate and a shift",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), ...convolution("g", z.C, z.K), positive("bn", z.K)],
      nodes: `a = Conv (x, f_W, f_b) b = Conv (x, g_W, g_b) s = Sigmoid (b) t = Mul (s, a) ${bn}`,
    }),
    { ...UP, refused: "shift-does-not-pass" },
  );
  affineCase(
    "Div: the dividend takes a scale",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), ...convolution("g", z.C, z.K), constant("k", [z.K, 1, 1])],
      nodes: "a = Conv (x, f_W, f_b) b = Conv (x, g_W, g_b) s = Exp (b) t = Div (a, s) y = Mul (t, k)",
    }),
    { ...UP, left: ["Conv", "Conv", "Exp", "Div"] },
  );
  affineCase(
    "Where between a Conv and a constant",
    (z) => ({
      input: `${image(z)}, bool[${z.H},1] p`,
      constants: [...convolution("f", z.C, z.K), constant("k", [1, z.K, 1, 1]), signed("bn", z.K)],
      nodes: `a = Conv (x, f_W, f_b) t = Where (p, a, k) ${bn}`,
    }),
    { ...UP, left: ["Conv", "Where"] },
  );
  affineCase(
    "Max and Min of Convs under a positive scale",
    (z) => ({
      input: image(z),
      constants: [
        ...convolution("f", z.C, z.K),
        ...convolution("g", z.C, z.K),
        ...convolution("h", z.C, z.K),
        positive("bn", z.K),
      ],
      nodes: `a = Conv (x, f_W, f_b) b = Conv (x, g_W, g_b) c = Conv (x, h_W, h_b) m = Max (a, b) t = Min (m, c) ${bn}`,
    }),
    { ...UP, left: ["Conv", "Conv", "Conv", "Max", "Min"] },
  );
  affineCase(
    "Max under a negative scale",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), ...convolution("g", z.C, z.K), signed("bn", z.K)],
      nodes: `a = Conv (x, f_W, f_b) b = Conv (x, g_W, g_b) t = Max (a, b) ${bn}`,
    }),
    { ...UP, refused: "scale-is-negative" },
  );
});

describe("negative scales do not pass nonlinear operators", () => {
  const nonlinear: Readonly<Record<string, string>> = {
    Relu: "Relu (c)",
    LeakyRelu: "LeakyRelu <alpha = 0.25> (c)",
    MaxPool: "MaxPool <kernel_shape = [2, 2]> (c)",
    GlobalMaxPool: "GlobalMaxPool (c)",
    ReduceMax: "ReduceMax <axes = [2]> (c)",
    ReduceMin: "ReduceMin <axes = [3]> (c)",
  };
  const negative = "float[5,1,1] k = {0.5, 2, -1.5, 1, 3}";
  for (const [name, node] of Object.entries(nonlinear)) {
    it(`${name}, up into a Conv`, async () => {
      const gamma = "float[5] gamma = {0.5, 2, -1.5, 1, 3}";
      await expectKept(
        graphText(
          X,
          [
            W,
            b,
            gamma,
            constant("beta", [5]),
            constant("mean", [5]),
            constant("var", [5], { low: 0.5, high: 2 }),
          ],
          `c = Conv (x, W, b) r = ${node} y = BatchNormalization (r, gamma, beta, mean, var)`,
        ),
        /negative|shift/,
        { passes: ["fold-affine-up"] },
      );
      await expectKept(graphText(X, [W, b, negative], `c = Conv (x, W, b) r = ${node} y = Mul (r, k)`));
    });
    it(`${name}, down into a Conv`, async () => {
      await expectKept(
        graphText(
          "float[N,5,6,7] x",
          [normalization("bn", 5), negative, constant("V", [2, 5, 1, 1])],
          `n = Abs (x) c = Mul (n, k) r = ${node} y = Conv (r, V)`,
        ),
      );
    });
  }
});
