import { describe } from "vitest";
import {
  affineCase,
  bn,
  convolution,
  image,
  positive,
  type Sizes,
  signed,
  UP,
} from "../../support/affine-cases.js";
import { constant } from "../../support/text.js";

describe("one operand", () => {
  const behind = (
    name: string,
    node: string,
    expectation: { left?: readonly string[]; refused?: RegExp },
    make: (prefix: string, channels: number) => string = signed,
    constants: (z: Sizes) => readonly string[] = () => [],
    opset = 17,
  ): void => {
    affineCase(
      name,
      (z) => ({
        input: image(z),
        constants: [...convolution("f", z.C, 4), ...constants(z), make("bn", 4)],
        nodes: `c = Conv (x, f_W, f_b) ${node} ${bn}`,
      }),
      { ...UP, opset, ...expectation },
    );
  };
  const pooled = "kernel_shape = [2, 2], strides = [2, 2]";
  const padded = `${pooled}, pads = [0, 1, 1, 0]`;

  behind("row 32: Identity", "t = Identity (c)", { left: ["Conv", "Identity"] });
  behind("Neg", "t = Neg (c)", { left: ["Conv", "Neg"] });
  behind("row 34: MaxPool, positive", `t = MaxPool <${padded}> (c)`, { left: ["Conv", "MaxPool"] }, positive);
  behind(
    "MaxPool, a channel of zeros",
    `t = MaxPool <${padded}> (c)`,
    { left: ["Conv", "MaxPool"] },
    (prefix, channels) =>
      positive(prefix, channels).replace(
        /float\[4\] bn_gamma = \{[^}]*\}/,
        "float[4] bn_gamma = {1.5, 0, 0.25, 0}",
      ),
  );
  behind("MaxPool, negative", `t = MaxPool <${pooled}> (c)`, { refused: /MaxPool lets no negative scale/ });
  behind("GlobalMaxPool", "t = GlobalMaxPool (c)", { left: ["Conv", "GlobalMaxPool"] }, positive);
  behind("AveragePool", `t = AveragePool <${pooled}> (c)`, { left: ["Conv", "AveragePool"] });
  behind("AveragePool, padded, not counted", `t = AveragePool <${padded}> (c)`, {
    left: ["Conv", "AveragePool"],
  });
  behind("AveragePool, padded and counted", `t = AveragePool <${padded}, count_include_pad = 1> (c)`, {
    refused: /counts its padding/,
  });
  behind("AveragePool, nothing to count", `t = AveragePool <${pooled}, count_include_pad = 1> (c)`, {
    left: ["Conv", "AveragePool"],
  });
  behind(
    "AveragePool, last windows over the end",
    "t = AveragePool <kernel_shape = [3, 3], strides = [2, 2], ceil_mode = 1> (c)",
    { left: ["Conv", "AveragePool"] },
  );
  behind(
    "AveragePool, automatic padding that counts",
    `t = AveragePool <kernel_shape = [3, 3], auto_pad = "SAME_UPPER", count_include_pad = 1> (c)`,
    { refused: /counts its padding/ },
  );
  behind("GlobalAveragePool", "t = GlobalAveragePool (c)", { left: ["Conv", "GlobalAveragePool"] });
  behind("ReduceMean, axes attribute", "t = ReduceMean <axes = [-1]> (c)", { left: ["Conv", "ReduceMean"] });
  behind("ReduceMean without its axes", "t = ReduceMean <axes = [2, 3], keepdims = 0> (c)", {
    left: ["Conv", "ReduceMean"],
  });
  behind(
    "ReduceMean, axes input",
    "t = ReduceMean <keepdims = 0> (c, axes)",
    { left: ["Conv", "ReduceMean"] },
    signed,
    () => ["int64[1] axes = {2}"],
    18,
  );
  behind("ReduceMax, positive", "t = ReduceMax <axes = [3]> (c)", { left: ["Conv", "ReduceMax"] }, positive);
  behind("ReduceMin, negative", "t = ReduceMin <axes = [3]> (c)", { refused: /ReduceMin lets no negative/ });
  behind(
    "ReduceSum and a shift",
    "t = ReduceSum (c, axes)",
    { refused: /ReduceSum lets no shift/ },
    signed,
    () => ["int64[1] axes = {2}"],
  );
  for (const mode of ["nearest", "linear", "cubic"]) {
    behind(
      `Resize, ${mode}`,
      `t = Resize <mode = "${mode}", coordinate_transformation_mode = "half_pixel"> (c, "", scales)`,
      { left: ["Conv", "Resize"] },
      signed,
      () => ["float[4] scales = {1.0, 1.0, 2.0, 1.5}"],
    );
  }
  behind(
    "Resize to sizes",
    `t = Resize <mode = "linear"> (c, "", "", sizes)`,
    { left: ["Conv", "Resize"] },
    signed,
    ({ N }) => [`int64[4] sizes = {${N === "N" ? 1 : N}, 4, 9, 5}`],
  );
  behind(
    "Resize of the channels to as many, at a scale of 1.125",
    `t = Resize <mode = "nearest", nearest_mode = "floor"> (c, "", scales)`,
    { refused: /not known to leave the map's axis alone/ },
    signed,
    () => ["float[4] scales = {1.0, 1.125, 1.0, 1.0}"],
  );
  behind(
    "Resize that crops",
    `t = Resize <mode = "linear", coordinate_transformation_mode = "tf_crop_and_resize"> (c, roi, scales)`,
    { refused: /fills what it crops/ },
    signed,
    () => ["float[4] scales = {1.0, 1.0, 2.0, 2.0}", "float[8] roi = {0, 0, 0, 0, 1, 1, 1.5, 1}"],
  );
  behind(
    "Pad by reflection",
    `t = Pad <mode = "reflect"> (c, pads)`,
    { left: ["Conv", "Pad"] },
    signed,
    () => ["int64[8] pads = {0, 0, 1, 2, 0, 0, 2, 1}"],
  );
  behind("Pad with zeros and a shift", "t = Pad (c, pads)", { refused: /the border of Pad/ }, signed, () => [
    "int64[8] pads = {0, 0, 1, 2, 0, 0, 2, 1}",
  ]);
  behind(
    "Pad of the channels",
    `t = Pad <mode = "edge"> (c, pads)`,
    { refused: /widens the map's axis/ },
    () => signed("bn", 6),
    () => ["int64[8] pads = {0, 1, 0, 0, 0, 1, 0, 0}"],
  );
  behind(
    "Pad of some axes",
    `t = Pad <mode = "edge"> (c, pads, "", axes)`,
    { left: ["Conv", "Pad"] },
    signed,
    () => ["int64[2] pads = {1, 2}", "int64[1] axes = {-1}"],
    18,
  );
  behind(
    "DepthToSpace, DCR",
    "t = DepthToSpace <blocksize = 2> (c)",
    { left: ["Conv", "DepthToSpace"] },
    () => signed("bn", 1),
  );
  behind("Slice of the rows", "t = Slice (c, one, three, axis)", { left: ["Conv", "Slice"] }, signed, () => [
    "int64[1] one = {1}",
    "int64[1] three = {3}",
    "int64[1] axis = {-2}",
  ]);
  behind(
    "row 37: Slice of the channels, backwards",
    "t = Slice (c, from, to, axis, step)",
    { left: ["Conv", "Slice"] },
    () => signed("bn", 2),
    () => ["int64[1] from = {-1}", "int64[1] to = {-9}", "int64[1] axis = {1}", "int64[1] step = {-2}"],
  );
  behind(
    "Gather of channels",
    "t = Gather <axis = 1> (c, at)",
    { left: ["Conv", "Gather"] },
    () => signed("bn", 3),
    () => ["int64[3] at = {-1, 0, 2}"],
  );
  behind(
    "Gather of a channel twice",
    "t = Gather <axis = 1> (c, at)",
    { refused: /picks a channel twice/ },
    () => signed("bn", 3),
    () => ["int64[3] at = {3, 0, -1}"],
  );
  behind("Tile of the rows", "t = Tile (c, repeats)", { left: ["Conv", "Tile"] }, signed, () => [
    "int64[4] repeats = {1, 1, 2, 1}",
  ]);
  behind(
    "Tile of the channels",
    "t = Tile (c, repeats)",
    { refused: /Tile picks a channel twice/ },
    () => signed("bn", 8),
    () => ["int64[4] repeats = {1, 2, 1, 1}"],
  );
  behind(
    "Expand of a pooled map",
    "p = GlobalAveragePool (c) t = Expand (p, shape)",
    { left: ["Conv", "GlobalAveragePool", "Expand"] },
    signed,
    () => ["int64[4] shape = {1, 1, 3, 5}"],
  );
  behind("Cast to float from double", "d = Cast <to = 11> (c) t = Cast <to = 1> (d)", {
    refused: /in float the map would lose what it has in double/,
  });
  behind("Relu and a shift", "t = Relu (c)", { refused: /Relu lets no shift through/ }, positive);
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
    { ...UP, left: ["Conv", "Neg", "Shape", "Size"] },
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
  affineCase(
    "Relu under scales of both signs",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), constant("k", [z.K, 1, 1], { low: -1, high: 1 })],
      nodes: "c = Conv (x, f_W, f_b) t = Relu (c) y = Mul (k, t)",
    }),
    { ...UP, left: ["Conv", "Relu", "Mul"] },
  );
  affineCase(
    "the border of a Pad takes a map that is the same everywhere",
    (z) => ({
      input: image(z),
      constants: [
        ...convolution("f", z.C, z.K),
        "int64[8] pads = {0, 1, 1, 2, 0, 0, 2, 1}",
        "float border = {0.6}",
        "float k = {-1.5}",
        "float l = {0.4}",
      ],
      nodes: "c = Conv (x, f_W, f_b) t = Pad (c, pads, border) m = Mul (t, k) y = Sub (m, l)",
    }),
    { ...UP, left: ["Conv", "Pad"] },
  );
  affineCase(
    "DepthToSpace, DCR and CRD, and SpaceToDepth",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, 12), signed("bn", 3), constant("k", [3, 1, 1])],
      nodes: `c = Conv (x, f_W, f_b) t = DepthToSpace <blocksize = 2, mode = "CRD"> (c)
        n = BatchNormalization (t, bn_gamma, bn_beta, bn_mean, bn_var)
        d = Conv (x, f_W, f_b) e = DepthToSpace <blocksize = 2> (d) m = Mul (e, k) y = Exp (m)`,
      outputs: "n, y",
    }),
    { ...UP, left: ["Conv", "DepthToSpace", "Conv", "DepthToSpace", "Exp"] },
  );
});
