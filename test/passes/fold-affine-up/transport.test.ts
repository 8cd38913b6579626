import { describe } from "vitest";
import { affineCase, bn, convolution, image, type Sizes, signed, UP } from "../../support/affine-cases.js";
import { constant } from "../../support/text.js";

describe("one operand", () => {
  const pooled = "kernel_shape = [2, 2], strides = [2, 2]";
  const padded = `${pooled}, pads = [0, 1, 1, 0]`;
  affineCase(
    "row 52: a value on the way is read elsewhere",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), signed("bn", z.K)],
      nodes: `c = Conv (x, f_W, f_b) t = Neg (c) ${bn} z = Exp (c)`,
      outputs: "y, z",
    }),
    { ...UP, refused: /Conv "c" has 1 other use/ },
  );
  affineCase(
    "its shape alone may be read elsewhere",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), signed("bn", z.K)],
      nodes: `c = Conv (x, f_W, f_b) t = Neg (c) ${bn} s = Shape (c) u = Size (t)`,
      outputs: "y, s, u",
    }),
    { ...UP, left: ["Conv", "Shape", "Size"] },
  );

  for (const [name, node, constants] of [
    ["Relu", "t = Relu (c)", () => []],
    ["LeakyRelu", "t = LeakyRelu <alpha = 0.3> (c)", () => []],
    ["Abs", "t = Abs (c)", () => []],
    ["PRelu with one slope", "t = PRelu (c, slope)", () => [constant("slope", [1])]],
    [
      "PRelu with a slope for each channel",
      "t = PRelu (c, slope)",
      (z: Sizes) => [constant("slope", [z.K, 1, 1])],
    ],
    [
      "PRelu with a slope for each place",
      "t = PRelu (c, slope)",
      (z: Sizes) => [constant("slope", [z.H, z.W])],
    ],
    ["Pad with zeros", "t = Pad (c, pads)", () => ["int64[8] pads = {0, 0, 1, 2, 0, 0, 2, 1}"]],
    ["ReduceSum", "t = ReduceSum (c, axes)", () => ["int64[1] axes = {-1}"]],
    ["AveragePool, padded and counted", `t = AveragePool <${padded}, count_include_pad = 1> (c)`, () => []],
  ] as const satisfies readonly (readonly [string, string, (z: Sizes) => readonly string[]])[]) {
    affineCase(
      `${name} under a scale above zero`,
      (z) => ({
        input: image(z),
        constants: [
          ...convolution("f", z.C, z.K),
          ...constants(z),
          constant("k", [1, z.K, 1, 1], { low: 0.5, high: 2 }),
        ],
        nodes: `c = Conv (x, f_W, f_b) ${node} y = Mul (k, t)`,
      }),
      { ...UP, left: ["Conv", / = (\w+)/.exec(node)?.[1] ?? ""] },
    );
  }
});
