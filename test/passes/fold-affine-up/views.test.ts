import { describe } from "vitest";
import {
  affineCase,
  bn,
  convolution,
  image,
  positive,
  rows,
  sequence,
  signed,
  UP,
} from "../../support/affine-cases.js";
import { constant, literal, normalize } from "../../support/text.js";

describe("views", () => {
  affineCase(
    "row 12: MatMul -> Transpose -> BatchNormalization",
    (z) => ({
      input: sequence(z),
      constants: [constant("B", [z.C, z.K]), positive("bn", z.K)],
      nodes: `m = MatMul (x, B) t = Transpose <perm = [0, 2, 1]> (m) ${bn}`,
    }),
    { ...UP, left: ["MatMul", "Add", "Transpose"] },
  );
  affineCase(
    "row 12: MatMul -> Add -> Transpose -> BatchNormalization",
    (z) => ({
      input: sequence(z),
      constants: [constant("B", [z.C, z.K]), constant("b", [z.K]), positive("bn", z.K)],
      nodes: `m = MatMul (x, B) a = Add (b, m) t = Transpose <perm = [0, 2, 1]> (a) ${bn}`,
    }),
    { ...UP, left: ["MatMul", "Add", "Transpose"] },
  );
  affineCase(
    "row 13: the axis that is normalized is not the one with the columns",
    (z) => ({
      input: `float[${z.C},${z.C},${z.C}] x`,
      constants: [constant("B", [z.C, z.C]), positive("bn", z.C)],
      nodes: `m = MatMul (x, B) t = Transpose <perm = [1, 0, 2]> (m) ${bn}`,
    }),
    { ...UP, refused: /the map runs along axis 0/ },
  );
  affineCase(
    "row 14: MatMul whose rows are normalized",
    (z) => ({
      input: `float[${z.N},${z.K},${z.C}] t0`,
      constants: [constant("B", [z.C, z.K]), positive("bn", z.K)],
      nodes: `t = MatMul (t0, B) ${bn}`,
    }),
    { ...UP, refused: /the map runs along axis 1/ },
  );
  affineCase(
    "row 15: Gemm -> Reshape [N,C,1,1] -> BatchNormalization -> Squeeze",
    (z) => ({
      input: rows(z),
      constants: [
        constant("B", [z.K, z.C]),
        constant("c", [z.K]),
        `int64[4] shape = {-1, ${z.K}, 1, 1}`,
        "int64[2] axes = {2, 3}",
        signed("bn", z.K),
      ],
      nodes: `g = Gemm <transB = 1, alpha = 0.5, beta = 2.0> (x, B, c) t = Reshape (g, shape)
        s = BatchNormalization (t, bn_gamma, bn_beta, bn_mean, bn_var) y = Squeeze (s, axes)`,
    }),
    { ...UP, left: ["Gemm", "Reshape", "Squeeze"] },
  );
  affineCase(
    "Gemm -> Unsqueeze -> BatchNormalization",
    (z) => ({
      input: rows(z),
      constants: [
        constant("B", [z.C, z.K]),
        constant("c", [1, z.K]),
        "int64[2] axes = {-1, -2}",
        signed("bn", z.K),
      ],
      nodes: `g = Gemm (x, B, c) t = Unsqueeze (g, axes) ${bn}`,
    }),
    { ...UP, left: ["Gemm", "Unsqueeze"] },
  );
  affineCase(
    "MatMul of a sequence -> Reshape to rows -> BatchNormalization -> Reshape back, as LeViT does",
    (z) => ({
      input: sequence(z),
      constants: [
        constant("B", [z.C, z.K]),
        `int64[2] flat = {-1, ${z.K}}`,
        `int64[3] back = {-1, ${z.H}, ${z.K}}`,
        signed("bn", z.K),
      ],
      nodes: `m = MatMul (x, B) t = Reshape (m, flat) n = BatchNormalization (t, bn_gamma, bn_beta, bn_mean, bn_var)
        y = Reshape (n, back)`,
    }),
    { ...UP, left: ["MatMul", "Add", "Reshape", "Reshape"] },
  );
  affineCase(
    "columns split into heads, scaled per head and per element of a head",
    (z) => ({
      input: sequence({ ...z, C: 4 }),
      constants: [
        constant("B", [4, 12]),
        constant("b", [12]),
        `int64[4] shape = {0, ${z.H}, 3, 4}`,
        constant("k", [3, 1]),
        constant("l", [4]),
      ],
      nodes: `m = MatMul (x, B) a = Add (m, b) r = Reshape (a, shape) p = Mul (r, k) q = Mul (l, p) y = Relu (q)`,
    }),
    { ...UP, left: ["MatMul", "Add", "Reshape", "Relu"] },
  );
  affineCase(
    "Conv -> Flatten -> Mul and Add per feature have one number for each place, not for each channel",
    (z) => ({
      input: image(z),
      constants: [
        ...convolution("f", z.C, z.K),
        constant("k", [z.K * z.H * z.W]),
        "int64[2] shape = {0, -1}",
      ],
      nodes: `c = Conv (x, f_W, f_b) t = Flatten (c) y = Mul (t, k)`,
    }),
    { ...UP, left: ["Conv", "Flatten", "Mul"] },
  );
  affineCase(
    "Conv -> Reshape [N,C,H*W] -> Transpose -> Mul",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), `int64[3] shape = {0, ${z.K}, -1}`, constant("k", [z.K])],
      nodes:
        "c = Conv (x, f_W, f_b) r = Reshape (c, shape) t = Transpose <perm = [0, 2, 1]> (r) y = Mul (k, t)",
    }),
    { ...UP, left: ["Conv", "Reshape", "Transpose"] },
  );
  affineCase(
    "channels and rows change places in a Reshape without a Transpose",
    (z) => ({
      input: `float[2,${z.C},${z.H},${z.W}] x`,
      constants: [
        ...convolution("f", z.C, z.C),
        `int64[4] shape = {2, ${z.H}, ${z.C}, ${z.W}}`,
        constant("k", [z.C, 1]),
      ],
      nodes: "c = Conv (x, f_W, f_b) t = Reshape (c, shape) y = Mul (k, t)",
    }),
    { ...UP, left: ["Conv", "Reshape", "Mul"] },
  );
  affineCase(
    "a number for all of them needs no axis",
    (z) => ({
      input: `float[2,${z.C},${z.H},${z.W}] x`,
      constants: [
        ...convolution("f", z.C, z.C),
        `int64[4] shape = {${z.H}, 2, ${z.W}, ${z.C}}`,
        literal("k", [z.C], new Array(z.C).fill(-0.75)),
      ],
      nodes: "c = Conv (x, f_W, f_b) t = Reshape (c, shape) y = Mul (t, k)",
    }),
    { ...UP, left: ["Conv", "Reshape"] },
  );
});

describe("row 37: parts of a value, of which only some are mapped", () => {
  affineCase(
    "Conv -> Split -> a BatchNormalization each",
    (z) => ({
      input: image(z),
      constants: [
        ...convolution("f", z.C, z.K + 3),
        `int64[2] parts = {${z.K}, 3}`,
        signed("bn", z.K),
        signed("o", 3),
      ],
      nodes: `c = Conv (x, f_W, f_b) t, u = Split <axis = -3> (c, parts) ${bn} ${normalize("z", "u", "o")}`,
      outputs: "y, z",
    }),
    { ...UP, left: ["Conv", "Split"] },
  );
  affineCase(
    "Conv -> Split -> one BatchNormalization, and a part that is an output",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, 8), signed("bn", 4)],
      nodes: `c = Conv (x, f_W, f_b) u, t = Split <axis = 1> (c) ${bn}`,
      outputs: "y, u",
    }),
    { ...UP, opset: 13, left: ["Conv", "Split"] },
  );
  affineCase(
    "Split of the rows: the other rows would be mapped too",
    (z) => ({
      input: `float[2,${z.C},4,${z.W}] x`,
      constants: [...convolution("f", z.C, z.K), signed("bn", z.K)],
      nodes: `c = Conv (x, f_W, f_b) t, u = Split <axis = 2> (c) ${bn} z = Exp (u)`,
      outputs: "y, z",
    }),
    { ...UP, opset: 13, refused: /the other outputs of Split would be mapped too/ },
  );
  affineCase(
    "parts that come together again: two ways to one Conv",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, 4), signed("bn", 4)],
      nodes: `c = Conv (x, f_W, f_b) u, v = Split <axis = 1> (c) t = Concat <axis = 1> (v, u) ${bn}`,
    }),
    { ...UP, opset: 13, refused: /Conv "c" is reached in two ways/ },
  );
  const bounds = [
    "int64[1] zero = {0}",
    "int64[1] one = {1}",
    "int64[1] two = {2}",
    "int64[1] all = {2147483647}",
    "int64[1] axis = {1}",
  ];
  affineCase(
    "Conv -> Slices of different channels -> a BatchNormalization each",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, 5), ...bounds, signed("bn", 2), signed("o", 3)],
      nodes: `c = Conv (x, f_W, f_b) t = Slice (c, zero, two, axis) u = Slice (c, two, all, axis)
        ${bn} ${normalize("z", "u", "o")} w = Identity (one)`,
      outputs: "y, z, w",
    }),
    { ...UP, left: ["Conv", "Slice", "Slice", "Identity"] },
  );
  affineCase(
    "Slices with a channel in common",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, 5), ...bounds, signed("bn", 2)],
      nodes: `c = Conv (x, f_W, f_b) t = Slice (c, zero, two, axis) z = Slice (c, one, all, axis) ${bn}`,
      outputs: "y, z",
    }),
    { ...UP, refused: /Conv "c" has 1 other use/ },
  );
  affineCase(
    "the scale of the queries goes into their columns of a joint product",
    (z) => ({
      input: sequence({ ...z, N: 2 }),
      constants: [
        constant("B", [z.C, 12]),
        constant("b", [12]),
        `int64[5] shape = {2, ${z.H}, 3, 2, 2}`,
        "int64 zero = {0}",
        "int64 one = {1}",
        "int64 two = {2}",
        "float k = {-0.7}",
      ],
      nodes: `m = MatMul (x, B) a = Add (b, m) r = Reshape (a, shape) t = Transpose <perm = [2, 0, 3, 1, 4]> (r)
        q = Gather (t, zero) u = Gather (t, one) v = Gather (t, two) y = Mul (q, k)`,
      outputs: "y, u, v",
    }),
    { ...UP, left: ["MatMul", "Add", "Reshape", "Transpose", "Gather", "Gather", "Gather"] },
  );
});
