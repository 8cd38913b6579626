import { describe } from "vitest";
import { affineCase, convolution, image, type Sizes, signed } from "../../support/affine-cases.js";
import { constant, normalize } from "../../support/text.js";

const DOWN = { passes: ["lift-constants", "fold-affine-down", "eliminate-dead"], opset: 17 };
const ONLY_CONV = { ...DOWN, left: ["Conv"] };
const bn = normalize("a", "x", "bn");

function intoConv(
  name: string,
  attributes: string,
  weight: (z: Sizes) => readonly number[],
  expectation: { left?: readonly string[]; refused?: string | RegExp },
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
    { ...DOWN, refused: "constant-is-graph-input" },
  );
  affineCase(
    "a Conv that reads it as its weight",
    (z) => ({
      input: `${image(z)}, float[${z.K},${z.C},1,1] u`,
      constants: [signed("bn", z.C)],
      nodes: `${normalize("a", "u", "bn")} y = Conv (x, a)`,
    }),
    { ...DOWN, refused: "value-is-not-its-data" },
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
