import { describe } from "vitest";
import {
  affineCase,
  bn,
  image,
  positive,
  type Sizes,
  sequence,
  signed,
  UP,
} from "../../support/affine-cases.js";
import { constant, literal } from "../../support/text.js";

const count = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** An 8-bit constant of many different elements. */
function bytes(name: string, dims: readonly number[], dtype = "int8"): string {
  const elements = Array.from(
    { length: count(dims) },
    (_, i) => ((i * 37) % 200) - (dtype === "int8" ? 100 : 0),
  );
  return `${dtype}[${dims.join(",")}] ${name} = {${elements.join(", ")}}`;
}

const scales = (name: string, channels: number): string =>
  constant(name, [channels], { low: 0.01, high: 0.03 });
const kernel = (z: Sizes): number[] => [z.K, z.C, 2, 3];

describe("row 50: weights behind DequantizeLinear", () => {
  affineCase(
    "a scale for each output channel",
    (z) => ({
      input: image(z),
      constants: [bytes("Q", kernel(z)), scales("s", z.K), constant("b", [z.K]), positive("bn", z.K)],
      nodes: `W = DequantizeLinear <axis = 0> (Q, s) t = Conv (x, W, b) ${bn}`,
    }),
    { ...UP, left: ["DequantizeLinear", "Conv"] },
  );
  affineCase(
    "one scale and zero point for the whole weight become one for each channel",
    (z) => ({
      input: image(z),
      constants: [
        bytes("Q", kernel(z), "uint8"),
        "float s = {0.02}",
        "uint8 zero = {117}",
        positive("bn", z.K),
      ],
      nodes: `W = DequantizeLinear (Q, s, zero) t = Conv (x, W) ${bn}`,
    }),
    { ...UP, left: ["DequantizeLinear", "Conv"] },
  );
  affineCase(
    "a number for all channels leaves one scale",
    (z) => ({
      input: image(z),
      constants: [bytes("Q", kernel(z)), "float s = {0.02}", "float k = {1.75}"],
      nodes: "W = DequantizeLinear (Q, s) c = Conv (x, W) t = Relu (c) y = Mul (k, t)",
    }),
    { ...UP, left: ["DequantizeLinear", "Conv", "Relu"] },
  );
  affineCase(
    "Gemm, transposed",
    (z) => ({
      input: `float[${z.N},${z.C}] x`,
      constants: [bytes("Q", [z.K, z.C]), scales("s", z.K), constant("b", [z.K]), positive("bn", z.K)],
      nodes: `W = DequantizeLinear <axis = 0> (Q, s) t = Gemm <transB = 1, alpha = 0.5> (x, W, b) ${bn}`,
    }),
    { ...UP, left: ["DequantizeLinear", "Gemm"] },
  );
  affineCase(
    "MatMul of a sequence",
    (z) => ({
      input: sequence(z),
      constants: [bytes("Q", [z.C, z.K]), scales("s", z.K), constant("k", [z.K], { low: 0.5, high: 2 })],
      nodes: "W = DequantizeLinear <axis = -1> (Q, s) t = MatMul (x, W) y = Mul (t, k)",
    }),
    { ...UP, left: ["DequantizeLinear", "MatMul"] },
  );
  affineCase(
    "scales along the input channels",
    (z) => ({
      input: image(z),
      constants: [bytes("Q", kernel(z)), scales("s", z.C), positive("bn", z.K)],
      nodes: `W = DequantizeLinear <axis = 1> (Q, s) t = Conv (x, W) ${bn}`,
    }),
    { ...UP, refused: /the map runs along axis 0, its scale along axis 1 \[map-runs-along-other-axis\]/ },
  );
  affineCase(
    "a negative scale",
    (z) => ({
      input: image(z),
      constants: [bytes("Q", kernel(z)), scales("s", z.K), signed("bn", z.K)],
      nodes: `W = DequantizeLinear <axis = 0> (Q, s) t = Conv (x, W) ${bn}`,
    }),
    { ...UP, left: ["DequantizeLinear", "Conv"] },
  );
  affineCase(
    "negative scales, zero points of an unsigned type",
    (z) => ({
      input: image(z),
      constants: [
        bytes("Q", kernel(z), "uint8"),
        scales("s", z.K),
        `uint8[${z.K}] p = {${new Array(z.K).fill(100).join(", ")}}`,
        signed("bn", z.K),
      ],
      nodes: `W = DequantizeLinear <axis = 0> (Q, s, p) t = Conv (x, W) ${bn}`,
    }),
    { ...UP, left: ["DequantizeLinear", "Conv"] },
  );
  affineCase(
    "a negative scale, and a least number whose negative is none of the type",
    (z) => ({
      input: image(z),
      constants: [bytes("Q", kernel(z)).replace("-100", "-128"), scales("s", z.K)],
      nodes: "W = DequantizeLinear <axis = 0> (Q, s) t = Conv (x, W) y = Neg (t)",
    }),
    { ...UP, refused: "quantized-weight-has-no-negative" },
  );
  affineCase(
    "a negative scale of all, one scale for the weight",
    (z) => ({
      input: image(z),
      constants: [bytes("Q", kernel(z)), "float s = {0.02}"],
      nodes: "W = DequantizeLinear (Q, s) t = Conv (x, W) y = Neg (t)",
    }),
    { ...UP, left: ["DequantizeLinear", "Conv"] },
  );
  affineCase(
    "a scale of zero",
    (z) => ({
      input: image(z),
      constants: [bytes("Q", kernel(z)), scales("s", z.K), "float k = {0}"],
      nodes: "W = DequantizeLinear <axis = 0> (Q, s) t = Conv (x, W) y = Mul (t, k)",
    }),
    { ...UP, refused: "quantization-scale-must-stay-positive" },
  );
  for (const [what, axis, scale] of [
    ["one scale", "", "float[1] r = {0.01}"],
    ["a scale", "<axis = 0>", "float r = {0.01}"],
  ] as const)
    affineCase(
      `a bias in integers beside a weight of floats, ${what}`,
      (z) => ({
        input: image(z),
        constants: [
          constant("V", kernel(z)),
          `int32[${z.K}] q = {${Array.from({ length: z.K }, (_, i) => i * 100 - 50).join(", ")}}`,
          scale,
          signed("bn", z.K),
        ],
        nodes: `b = DequantizeLinear ${axis} (q, r) t = Conv (x, V, b) ${bn}`,
      }),
      { ...UP, left: ["Conv"] },
    );
  affineCase(
    "a bias in integers of a Gemm, a scale for each and zero points",
    (z) => ({
      input: `float[${z.N},${z.C}] x`,
      constants: [
        constant("V", [z.K, z.C]),
        bytes("q", [z.K]),
        scales("r", z.K),
        `int8[${z.K}] p = {${Array.from({ length: z.K }, (_, i) => i - 2).join(", ")}}`,
        signed("bn", z.K),
      ],
      nodes: `b = DequantizeLinear <axis = 0> (q, r, p) t = Gemm <transB = 1, beta = 0.5> (x, V, b) ${bn}`,
    }),
    { ...UP, left: ["Gemm"] },
  );
  affineCase(
    "a weight that two Convs read",
    (z) => ({
      input: image(z),
      constants: [bytes("Q", kernel(z)), scales("s", z.K), positive("bn", z.K)],
      nodes: `W = DequantizeLinear <axis = 0> (Q, s) t = Conv (x, W) ${bn} z = Conv <strides = [2, 2]> (x, W)`,
      outputs: "y, z",
    }),
    { ...UP, left: ["DequantizeLinear", "DequantizeLinear", "Conv", "Conv"] },
  );
  affineCase(
    "a weight that two Convs read, larger than their outputs",
    (z) => ({
      input: `float[${z.N},${z.C * z.H},1,1] x`,
      constants: [bytes("Q", [16, z.C * z.H, 1, 1]), scales("s", 16), positive("bn", 16)],
      nodes: `W = DequantizeLinear <axis = 0> (Q, s) t = Conv (x, W) ${bn} z = Conv <strides = [2, 2]> (x, W)`,
      outputs: "y, z",
    }),
    { ...UP, refused: /others read DequantizeLinear "W", and a copy of it would cost more/ },
  );
  affineCase(
    "a bias in integers, whose scale belongs to the others",
    (z) => ({
      input: image(z),
      constants: [
        bytes("Q", kernel(z)),
        scales("s", z.K),
        `int32[${z.K}] q = {${Array.from({ length: z.K }, (_, i) => i * 100 - 50).join(", ")}}`,
        scales("r", z.K),
        positive("bn", z.K),
      ],
      nodes: `W = DequantizeLinear <axis = 0> (Q, s) b = DequantizeLinear <axis = 0> (q, r) t = Conv (x, W, b) ${bn}`,
    }),
    { ...UP, refused: "constant-is-computed" },
  );
  affineCase(
    "activations: one scale takes one number, and no more",
    (z) => ({
      input: `uint8[${z.N},${z.C},${z.H},${z.W}] x`,
      constants: [
        "float s = {0.05}",
        "uint8 zero = {128}",
        "float k = {1.5}",
        literal(
          "l",
          [z.C, 1, 1],
          new Array(z.C).fill(2).map((two: number, i) => two + i),
        ),
      ],
      nodes:
        "d = DequantizeLinear (x, s, zero) m = Mul (d, k) e = DequantizeLinear (x, s, zero) y = Mul (e, l)",
      outputs: "m, y",
    }),
    { ...UP, left: ["DequantizeLinear", "DequantizeLinear", "Mul"] },
  );
});
