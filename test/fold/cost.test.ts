import { describe, expect, it } from "vitest";
import { affineCase, convolution, image, positive, signed, UP } from "../support/affine-cases.js";
import { rewrite } from "../support/rewrite.js";
import { constant, graphText, normalize } from "../support/text.js";

const DOWN = { passes: ["lift-constants", "fold-affine-down", "eliminate-dead"], opset: 17 };
const bn = normalize("a", "x", "bn");

describe("row 40: a shift before a padded Conv", () => {
  for (const [name, attributes, kernel] of [
    ["pads that differ, strides", "pads = [2, 0, 1, 1], strides = [2, 3]", [3, 2]],
    [
      "dilations, taps that never meet the image",
      "pads = [4, 4, 4, 4], dilations = [3, 2], strides = [3, 3]",
      [3, 3],
    ],
    ["auto_pad SAME_UPPER", `auto_pad = "SAME_UPPER", strides = [2, 3]`, [2, 4]],
    ["auto_pad SAME_LOWER", `auto_pad = "SAME_LOWER", strides = [2, 3]`, [2, 4]],
    ["two groups", "pads = [1, 1, 1, 1], strides = [2, 2], group = 2", [3, 3]],
  ] as const) {
    for (const bias of [true, false]) {
      affineCase(
        `a constant behind it, exact up to the border: ${name}, ${bias ? "with" : "without"} a bias`,
        (z) => ({
          input: image(z),
          constants: [
            constant("W", [2, name === "two groups" ? z.C / 2 : z.C, ...kernel]),
            constant("b", [2]),
            signed("bn", z.C),
          ],
          nodes: `${bn} y = Conv <${attributes}> (a, W${bias ? ", b" : ""})`,
        }),
        { ...DOWN, left: ["Conv", "Add"] },
      );
    }
  }
  affineCase(
    "images of another rank",
    (z) => ({
      input: `float[${z.N},${z.C},9] x`,
      constants: [...convolution("f", z.C, 2, [3]), signed("bn", z.C)],
      nodes: `${bn} y = Conv <pads = [1, 2], strides = [2]> (a, f_W, f_b)`,
    }),
    { ...DOWN, left: ["Conv", "Add"] },
  );
  affineCase(
    "an Add moves behind it too, where that moves fewer bytes",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, 1, [3, 3]), constant("k", [z.C, 1, 1])],
      nodes: "a = Sub (x, k) y = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (a, f_W, f_b)",
    }),
    { ...DOWN, left: ["Conv", "Add"] },
  );
  affineCase(
    "an Add stays in front where the output is larger",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, 9, [3, 3]), constant("k", [z.C, 1, 1])],
      nodes: "a = Add (x, k) y = Conv <pads = [1, 1, 1, 1]> (a, f_W, f_b)",
    }),
    { ...DOWN, refused: /an Add of its own, which costs as much/ },
  );
  affineCase(
    "an Add stays in front where the size of the image is not known",
    (z) => ({
      input: `float[${z.N},${z.C},H,W] x`,
      constants: [...convolution("f", z.C, 1, [3, 3]), constant("k", [z.C, 1, 1])],
      nodes: "a = Add (x, k) y = Conv <pads = [1, 1, 1, 1]> (a, f_W, f_b)",
    }),
    { ...DOWN, refused: /the size of the image is not known/ },
  );
  it("a constant that would be large stays unmade", async () => {
    const text = graphText(
      "float[1,1,600,600] x",
      [constant("W", [1, 1, 3, 3]), "float k = {0.5}"],
      "a = Add (x, k) y = Conv <pads = [1, 1, 1, 1]> (a, W)",
    );
    const { refusalText } = await rewrite(text, DOWN);
    expect(refusalText).toMatch(/would have 360000 elements/);
  });
});

describe("one half stays", () => {
  affineCase(
    "a scale of zero has no shift in front of it",
    (z) => ({
      input: image(z),
      constants: [
        constant("W", [9, z.C, 3, 3]),
        "float[4] g = {0.5, 0, 1, 2}",
        constant("b", [4]),
        constant("m", [4]),
        constant("v", [4], { low: 0.5, high: 2 }),
      ],
      nodes: "a = BatchNormalization (x, g, b, m, v) y = Conv <pads = [1, 1, 1, 1]> (a, W)",
    }),
    { ...DOWN, refused: /an Add of its own, which costs as much/ },
  );
  affineCase(
    "an Add before the mean is larger than the normalization behind it",
    (z) => ({
      input: `float[${z.N},${z.H},9] x`,
      constants: [constant("B", [9, z.K]), positive("bn", z.K)],
      nodes: `t = MatMul (x, B) r = ReduceMean <axes = [1], keepdims = 0> (t) ${normalize("y", "r", "bn")}`,
    }),
    { ...UP, refused: "remaining-shift-costs-as-much" },
  );
});

describe("copies for one of several readers", () => {
  affineCase(
    "a Gather of a constant table, one of whose readers scales it",
    (z) => ({
      input: `int64[${z.N},${z.H}] x`,
      constants: [constant("T", [2, z.K]), constant("k", [z.K])],
      nodes: "e = Gather (T, x) y = Mul (e, k) z = Exp (e)",
      outputs: "y, z",
    }),
    { ...UP, refused: /a copy of it would cost more/ },
  );
  affineCase(
    "a table that two readers scale differently",
    (z) => ({
      input: `int64[${z.N},${z.H}] x`,
      constants: [constant("T", [2, z.K]), constant("k", [z.K]), constant("l", [z.K])],
      nodes: "e = Gather (T, x) m = Mul (e, k) n = Add (e, l) y = Exp (m) z = Abs (n)",
      outputs: "y, z",
    }),
    { ...UP, refused: /a copy of it would cost more/ },
  );
  affineCase(
    "a Conv is no small thing",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), positive("bn", z.K)],
      nodes: `t = Conv (x, f_W, f_b) ${normalize("y", "t", "bn")} z = Exp (t)`,
      outputs: "y, z",
    }),
    { ...UP, refused: /Conv "t" has 1 other use/ },
  );
  affineCase(
    "a table that is fed",
    (z) => ({
      input: `int64[${z.N},${z.H}] x, float[2,${z.K}] T`,
      constants: [constant("k", [z.K])],
      nodes: "e = Gather (T, x) y = Mul (e, k) z = Exp (e)",
      outputs: "y, z",
    }),
    { ...UP, left: ["Gather", "Mul", "Exp"] },
  );
});
