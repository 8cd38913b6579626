import { describe } from "vitest";
import {
  affineCase,
  behindConv,
  bn,
  convolution,
  image,
  sequence,
  signed,
  UP,
} from "../../support/affine-cases.js";
import { constant, normalize } from "../../support/text.js";

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
    { ...UP, opset: 13, refused: "other-outputs-would-be-mapped" },
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

describe("selections and borders", () => {
  behindConv(
    "Pad by reflection",
    `t = Pad <mode = "reflect"> (c, pads)`,
    { left: ["Conv", "Pad"] },
    signed,
    () => ["int64[8] pads = {0, 0, 1, 2, 0, 0, 2, 1}"],
  );
  behindConv(
    "Pad with zeros and a shift",
    "t = Pad (c, pads)",
    { refused: "border-would-change" },
    signed,
    () => ["int64[8] pads = {0, 0, 1, 2, 0, 0, 2, 1}"],
  );
  behindConv(
    "Pad of the channels",
    `t = Pad <mode = "edge"> (c, pads)`,
    { refused: "pad-widens-map-axis" },
    () => signed("bn", 6),
    () => ["int64[8] pads = {0, 1, 0, 0, 0, 1, 0, 0}"],
  );
  behindConv(
    "Pad of some axes",
    `t = Pad <mode = "edge"> (c, pads, "", axes)`,
    { left: ["Conv", "Pad"] },
    signed,
    () => ["int64[2] pads = {1, 2}", "int64[1] axes = {-1}"],
    18,
  );
  behindConv(
    "Slice of the rows",
    "t = Slice (c, one, three, axis)",
    { left: ["Conv", "Slice"] },
    signed,
    () => ["int64[1] one = {1}", "int64[1] three = {3}", "int64[1] axis = {-2}"],
  );
  behindConv(
    "row 37: Slice of the channels, backwards",
    "t = Slice (c, from, to, axis, step)",
    { left: ["Conv", "Slice"] },
    () => signed("bn", 2),
    () => ["int64[1] from = {-1}", "int64[1] to = {-9}", "int64[1] axis = {1}", "int64[1] step = {-2}"],
  );
  behindConv(
    "Gather of channels",
    "t = Gather <axis = 1> (c, at)",
    { left: ["Conv", "Gather"] },
    () => signed("bn", 3),
    () => ["int64[3] at = {-1, 0, 2}"],
  );
  behindConv(
    "Gather of a channel twice",
    "t = Gather <axis = 1> (c, at)",
    { refused: "channel-is-picked-twice" },
    () => signed("bn", 3),
    () => ["int64[3] at = {3, 0, -1}"],
  );
  behindConv("Tile of the rows", "t = Tile (c, repeats)", { left: ["Conv", "Tile"] }, signed, () => [
    "int64[4] repeats = {1, 1, 2, 1}",
  ]);
  behindConv(
    "Tile of the channels",
    "t = Tile (c, repeats)",
    { refused: "channel-is-picked-twice" },
    () => signed("bn", 8),
    () => ["int64[4] repeats = {1, 2, 1, 1}"],
  );
  behindConv(
    "Expand of a pooled map",
    "p = GlobalAveragePool (c) t = Expand (p, shape)",
    { left: ["Conv", "GlobalAveragePool", "Expand"] },
    signed,
    () => ["int64[4] shape = {1, 1, 3, 5}"],
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
});
