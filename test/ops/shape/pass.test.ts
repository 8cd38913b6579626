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
import { constant, literal } from "../../support/text.js";

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
    { ...UP, refused: "map-runs-along-other-axis" },
  );
  affineCase(
    "row 14: MatMul whose rows are normalized",
    (z) => ({
      input: `float[${z.N},${z.K},${z.C}] t0`,
      constants: [constant("B", [z.C, z.K]), positive("bn", z.K)],
      nodes: `t = MatMul (t0, B) ${bn}`,
    }),
    { ...UP, refused: "map-runs-along-other-axis" },
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
