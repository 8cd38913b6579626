import { describe } from "vitest";
import {
  affineCase,
  convolution,
  image,
  positive,
  rows,
  type Sizes,
  sequence,
  signed,
} from "../../support/affine-cases.js";
import { constant, normalize } from "../../support/text.js";

const DOWN = { passes: ["lift-constants", "fold-affine-down", "eliminate-dead"], opset: 17 };
const ONLY_CONV = { ...DOWN, left: ["Conv"] };
const bn = normalize("a", "x", "bn");

function intoConv(
  name: string,
  attributes: string,
  weight: (z: Sizes) => readonly number[],
  expectation: { left?: readonly string[]; refused?: RegExp },
): void {
  for (const bias of [true, false]) {
    affineCase(
      `${name}, ${bias ? "with" : "without"} a bias`,
      (z) => {
        const dims = weight(z);
        return {
          input: image(z),
          constants: [
            constant("W", dims),
            ...(bias ? [constant("b", [dims[0] ?? 1])] : []),
            signed("bn", z.C),
          ],
          nodes: `${bn} y = Conv <${attributes}> (a, W${bias ? ", b" : ""})`,
        };
      },
      { ...DOWN, ...expectation },
    );
  }
}

describe("Conv", () => {
  const kept = { left: ["Conv"] };
  const padded = { left: ["Add", "Conv"] };
  intoConv("row 38: pointwise", "pads = [0, 0, 0, 0]", (z) => [z.K, z.C, 1, 1], kept);
  intoConv("row 38: strides", "strides = [2, 1]", (z) => [z.K, z.C, 3, 2], kept);
  intoConv("row 38: dilations", "dilations = [2, 1]", (z) => [z.K, z.C, 2, 3], kept);
  intoConv("row 39: two groups", "group = 2", (z) => [6, z.C / 2, 2, 3], kept);
  intoConv("row 39: depthwise, two for each channel", "group = 4", () => [8, 1, 3, 2], kept);
  intoConv("row 40: padded on one side", "pads = [0, 0, 0, 1]", (z) => [z.K, z.C, 1, 2], padded);
  intoConv("row 40: padded automatically", `auto_pad = "SAME_LOWER"`, (z) => [z.K, z.C, 3, 3], padded);
  intoConv("not padded automatically", `auto_pad = "VALID"`, (z) => [z.K, z.C, 3, 3], kept);

  affineCase(
    "row 41: a scale, padded, of both signs and zero",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K, [3, 3]), `float[4,1,1] k = {0.5, -2, 0, 1.5}`],
      nodes: "a = Mul (k, x) y = Conv <pads = [1, 2, 0, 1]> (a, f_W, f_b)",
    }),
    ONLY_CONV,
  );
  affineCase(
    "Add, Sub, Div and a Sub from a constant, one behind the other",
    (z) => ({
      input: image(z),
      constants: [
        ...convolution("f", z.C, z.K, [2, 2]),
        constant("k", [z.C, 1, 1]),
        constant("l", [], { low: 0.5, high: 2 }),
        constant("m", [1, z.C, 1, 1]),
      ],
      nodes: "p = Add (k, x) q = Sub (l, p) r = Div (q, l) a = Sub (r, m) y = Conv (a, f_W, f_b)",
    }),
    ONLY_CONV,
  );
  affineCase(
    "a constant along the rows is none of its channels",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), constant("k", [z.H, 1])],
      nodes: "a = Mul (x, k) y = Conv (a, f_W, f_b)",
    }),
    { ...DOWN, left: ["Mul", "Conv"] },
  );
  affineCase(
    "row 45: two Convs, which share their weight, and the shape of the value",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), constant("g", [z.K]), signed("bn", z.C)],
      nodes: `${bn} y = Conv (a, f_W, f_b) z = Conv <strides = [2, 2]> (a, f_W, g) s = Shape (a)`,
      outputs: "y, z, s",
    }),
    { ...DOWN, left: ["Conv", "Conv", "Shape"] },
  );
  affineCase(
    "row 45: two Convs, one of which takes a scale only",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), constant("P", [z.K, z.C, 3, 3]), signed("bn", z.C)],
      nodes: `${bn} y = Conv (a, f_W, f_b) z = Conv <pads = [1, 1, 1, 1]> (a, P)`,
      outputs: "y, z",
    }),
    { ...DOWN, left: ["Add", "Conv", "Conv"] },
  );
  affineCase(
    "row 45: Relu -> BatchNormalization -> Conv",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), signed("bn", z.C)],
      nodes:
        "r = Relu (x) a = BatchNormalization (r, bn_gamma, bn_beta, bn_mean, bn_var) y = Conv (a, f_W, f_b)",
    }),
    { ...DOWN, left: ["Relu", "Conv"] },
  );
  affineCase(
    "the value is an output too",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), signed("bn", z.C)],
      nodes: `${bn} y = Conv (a, f_W, f_b)`,
      outputs: "y, a",
    }),
    { ...DOWN, refused: /"a" is a graph output/ },
  );
  affineCase(
    "the weight is an input that a caller can override",
    (z) => ({
      input: `${image(z)}, float[${z.K},${z.C},1,1] W`,
      constants: [signed("bn", z.C)],
      nodes: `${bn} y = Conv (a, W)`,
    }),
    { ...DOWN, refused: /weight W "W" is a graph input/ },
  );
  affineCase(
    "a Conv that reads it as its weight",
    (z) => ({
      input: `${image(z)}, float[${z.K},${z.C},1,1] u`,
      constants: [signed("bn", z.C)],
      nodes: `${normalize("a", "u", "bn")} y = Conv (x, a)`,
    }),
    { ...DOWN, refused: /it is the weight of Conv/ },
  );
});

describe("ConvTranspose", () => {
  for (const [name, attributes, dims] of [
    ["one group", "strides = [2, 1]", (z: Sizes) => [z.C, 3, 2, 2]],
    ["two groups, padded", "group = 2, pads = [1, 0, 0, 1]", (z: Sizes) => [z.C, 3, 3, 2]],
  ] as const) {
    affineCase(
      `row 45: a scale, ${name}`,
      (z) => ({
        input: image(z),
        constants: [constant("W", dims(z)), constant("k", [z.C, 1, 1])],
        nodes: `a = Mul (x, k) y = ConvTranspose <${attributes}> (a, W)`,
      }),
      { ...DOWN, left: ["ConvTranspose"] },
    );
  }
  affineCase(
    "a shift spreads unevenly",
    (z) => ({
      input: image(z),
      constants: [constant("W", [z.C, 3, 2, 2]), signed("bn", z.C)],
      nodes: `${bn} y = ConvTranspose (a, W)`,
    }),
    { ...DOWN, left: ["Add", "ConvTranspose"] },
  );
});

describe("Gemm and MatMul", () => {
  const biases: Readonly<Record<string, (z: Sizes) => readonly number[]>> = {
    none: () => [0],
    "[K]": (z) => [z.K],
    "[1,K]": (z) => [1, z.K],
    "[1]": () => [1],
    scalar: () => [],
    "[M,1]": (z) => [z.M, 1],
    "[M,K]": (z) => [z.M, z.K],
  };
  for (const transA of [0, 1]) {
    for (const [name, dims] of Object.entries(biases)) {
      affineCase(
        `row 42: Gemm, transA = ${transA}, C ${name}`,
        (z) => ({
          input: transA === 0 ? `float[${z.M},${z.C}] x` : `float[${z.C},${z.M}] x`,
          constants: [
            constant("B", transA === 0 ? [z.C, z.K] : [z.K, z.C]),
            constant("C", dims(z)),
            constant("k", transA === 0 ? [z.C] : [z.C, 1]),
            constant("l", transA === 0 ? [1, z.C] : [z.C, 1]),
          ],
          nodes: `m = Mul (x, k) a = Sub (m, l)
            y = Gemm <transA = ${transA}, transB = ${transA}, alpha = 0.5, beta = -1.5> (a, B${name === "none" ? "" : ", C"})`,
        }),
        { ...DOWN, left: ["Gemm"] },
      );
    }
  }
  affineCase(
    "row 42: MatMul of rows becomes a Gemm",
    (z) => ({
      input: rows(z),
      constants: [constant("B", [z.C, z.K]), signed("bn", z.C)],
      nodes: `${bn} y = MatMul (a, B)`,
    }),
    { ...DOWN, left: ["Gemm"] },
  );
  affineCase(
    "MatMul of a sequence: a scale",
    (z) => ({
      input: sequence(z),
      constants: [constant("B", [z.C, z.K]), constant("k", [z.C])],
      nodes: "a = Mul (x, k) y = MatMul (a, B)",
    }),
    { ...DOWN, left: ["MatMul"] },
  );
  affineCase(
    "MatMul of a sequence: a shift has no place, and stays where it is smaller, in front",
    (z) => ({
      input: `float[${z.N},${z.C},${z.H}] x`,
      constants: [constant("B", [z.C, 9]), signed("bn", z.C)],
      nodes: `${bn} t = Transpose <perm = [0, 2, 1]> (a) y = MatMul (t, B)`,
    }),
    { ...DOWN, left: ["Add", "Transpose", "MatMul"] },
  );
  affineCase(
    "MatMul of a sequence: a shift has no place, and moves to where it is smaller, behind",
    (z) => ({
      input: `float[${z.N},${z.C},${z.H}] x`,
      constants: [constant("B", [z.C, 2]), signed("bn", z.C)],
      nodes: `${bn} t = Transpose <perm = [0, 2, 1]> (a) y = MatMul (t, B)`,
    }),
    { ...DOWN, left: ["Transpose", "MatMul", "Add"] },
  );
  for (const [name, sum, opType, dims] of [
    ["an Add", "Add (b, m)", "Add", (z: Sizes) => [z.K]],
    ["an Add of a number", "Add (m, b)", "Add", () => []],
    ["a Sub", "Sub (m, b)", "Sub", (z: Sizes) => [1, z.K]],
    ["a Sub from a constant", "Sub (b, m)", "Sub", (z: Sizes) => [1, 1, z.K]],
  ] as const) {
    affineCase(
      `MatMul of a sequence: a shift goes into ${name} behind it`,
      (z) => ({
        input: `float[${z.N},${z.C},${z.H}] x`,
        constants: [constant("B", [z.C, z.K]), constant("b", dims(z)), signed("bn", z.C)],
        nodes: `${bn} t = Transpose <perm = [0, 2, 1]> (a) m = MatMul (t, B) y = ${sum}`,
      }),
      { ...DOWN, left: ["Transpose", "MatMul", opType] },
    );
  }
  affineCase(
    "MatMul of a sequence: a shift goes into the Add behind each",
    (z) => ({
      input: `float[${z.N},${z.C},${z.H}] x`,
      constants: [
        constant("B", [z.C, z.K]),
        constant("b", [z.K]),
        constant("D", [z.C, z.M]),
        constant("d", [z.M]),
        signed("bn", z.C),
      ],
      nodes: `${bn} t = Transpose <perm = [0, 2, 1]> (a) m = MatMul (t, B) y = Add (m, b)
        n = MatMul (t, D) z = Add (n, d)`,
      outputs: "y, z",
    }),
    { ...DOWN, left: ["Transpose", "MatMul", "Add", "MatMul", "Add"] },
  );
  affineCase(
    "MatMul of a sequence: not into an Add along another axis, nor where others read the product",
    (z) => ({
      input: `float[${z.N},${z.C},${z.H}] x`,
      constants: [
        constant("B", [z.C, 9]),
        constant("b", [z.H, 1]),
        constant("D", [z.C, 9]),
        constant("d", [9]),
        signed("bn", z.C),
      ],
      nodes: `${bn} t = Transpose <perm = [0, 2, 1]> (a) m = MatMul (t, B) y = Add (m, b)
        n = MatMul (t, D) z = Add (n, d) w = Exp (n)`,
      outputs: "y, z, w",
    }),
    { ...DOWN, left: ["Add", "Transpose", "MatMul", "Add", "MatMul", "Add", "Exp"] },
  );
  affineCase(
    "the second operand of MatMul: a scale of its rows",
    (z) => ({
      input: `float[${z.N},${z.C},${z.H}] x`,
      constants: [constant("A", [z.K, z.C]), constant("k", [z.C, 1])],
      nodes: "a = Mul (x, k) y = MatMul (A, a)",
    }),
    { ...DOWN, left: ["MatMul"] },
  );
  affineCase(
    "a product of two values that are computed",
    (z) => ({
      input: `float[${z.H},${z.C}] x, float[${z.C},${z.K}] u`,
      constants: [constant("k", [z.C])],
      nodes: "a = Mul (x, k) y = MatMul (a, u)",
    }),
    { ...DOWN, left: ["Mul", "MatMul"] },
  );
});

describe("recurrent networks", () => {
  for (const [opType, gates] of [
    ["LSTM", 4],
    ["GRU", 3],
    ["RNN", 1],
  ] as const) {
    for (const directions of [1, 2]) {
      for (const bias of [true, false]) {
        affineCase(
          `${opType}, ${directions} direction(s), ${bias ? "with" : "without"} a bias`,
          (z) => ({
            input: `float[${z.H},${z.M},${z.C}] x`,
            constants: [
              constant("W", [directions, gates * z.K, z.C], { low: -0.5, high: 0.5 }),
              constant("R", [directions, gates * z.K, z.K], { low: -0.5, high: 0.5 }),
              constant("B", [directions, 2 * gates * z.K]),
              constant("k", [z.C]),
              constant("l", [z.C]),
            ],
            nodes: `m = Mul (k, x) a = Add (m, l) y, h = ${opType} <hidden_size = ${z.K},
              direction = "${directions === 2 ? "bidirectional" : "reverse"}"> (a, W, R${bias ? ", B" : ""})`,
            outputs: "y, h",
          }),
          { ...DOWN, left: [opType] },
        );
      }
    }
  }
  affineCase(
    "a map of the steps is none of the features",
    (z) => ({
      input: `float[${z.H},${z.M},${z.C}] x`,
      constants: [constant("W", [1, z.K, z.C]), constant("R", [1, z.K, z.K]), constant("k", [z.H, 1, 1])],
      nodes: `a = Mul (k, x) y = RNN <hidden_size = ${z.K}> (a, W, R)`,
    }),
    { ...DOWN, left: ["Mul", "RNN"] },
  );
});

describe("one half each way", () => {
  affineCase(
    "the scale is negative where MaxPool is in front, the Conv behind is padded",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), constant("P", [z.M, z.K, 3, 3]), signed("bn", z.K)],
      nodes: `c = Conv (x, f_W, f_b) p = MaxPool <kernel_shape = [2, 2]> (c)
        a = BatchNormalization (p, bn_gamma, bn_beta, bn_mean, bn_var) y = Conv <pads = [1, 1, 1, 1]> (a, P)`,
    }),
    { ...DOWN, left: ["Conv", "MaxPool", "Conv"] },
  );
  affineCase(
    "a scale of zero has no inverse, which the shift would need to go in front of it",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), signed("bn", z.K).replace(/-1\.2/, "0")],
      nodes: `c = Conv (x, f_W, f_b) p = MaxPool <kernel_shape = [2, 2]> (c)
        a = BatchNormalization (p, bn_gamma, bn_beta, bn_mean, bn_var) y = Exp (a)`,
    }),
    { ...DOWN, refused: /the scale of channel 1 is zero, so its shift cannot go in front of it/ },
  );
  affineCase(
    "with an inverse it goes there, and the scale stays",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), signed("bn", z.K)],
      nodes: `c = Conv (x, f_W, f_b) p = MaxPool <kernel_shape = [2, 2]> (c)
        a = BatchNormalization (p, bn_gamma, bn_beta, bn_mean, bn_var) y = Exp (a)`,
    }),
    { ...DOWN, left: ["Conv", "MaxPool", "Mul", "Exp"] },
  );
  affineCase(
    "a shift finds no way past Relu, and a scale no way past a residual: the scale stays",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), ...convolution("g", z.K, z.M), positive("bn", z.K)],
      nodes: `c = Conv (x, f_W, f_b) r = Relu (c) a = BatchNormalization (r, bn_gamma, bn_beta, bn_mean, bn_var)
        e = Exp (c) s = Add (a, e) y = Conv (s, g_W, g_b)`,
    }),
    { ...DOWN, left: ["Conv", "Relu", "Mul", "Exp", "Add", "Conv"] },
  );
  affineCase(
    "the scale goes up through Relu, the shift down through a residual",
    (z) => ({
      input: image(z),
      constants: [
        ...convolution("f", z.C, z.K),
        ...convolution("g", z.K, z.M),
        positive("bn", z.K),
        ...convolution("h", z.C, z.K),
      ],
      nodes: `c = Conv (x, f_W, f_b) r = Relu (c) a = BatchNormalization (r, bn_gamma, bn_beta, bn_mean, bn_var)
        d = Conv (x, h_W, h_b) e = Exp (d) s = Add (a, e) y = Conv (s, g_W, g_b)`,
    }),
    { ...DOWN, left: ["Conv", "Relu", "Conv", "Exp", "Add", "Conv"] },
  );
});
