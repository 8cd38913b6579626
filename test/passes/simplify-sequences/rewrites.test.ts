import { describe, expect, it } from "vitest";
import { expectKept, expectRewrite, rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const X = "float[N,7,3] x, float[N,2,3] z";
const CONSTANTS = [
  "int64 two = {2}",
  "int64[3] sizes = {1, 4, 2}",
  "int64 i0 = {0}",
  "int64 i1 = {1}",
  "int64 last = {-1}",
];

const taken2 = (first: string, second: string): string =>
  `s = SplitToSequence <axis = 1> (x, n) a = SequenceAt (s, ${first}) b = SequenceAt (s, ${second}) y = Concat <axis = 1> (b, a)`;

describe("simplify-sequences", () => {
  it.each([
    ["equal sizes", "s = SplitToSequence <axis = 1> (x, two) a = SequenceAt (s, i1)", [2, 4]],
    [
      "the last of equal sizes, which is smaller",
      "s = SplitToSequence <axis = 1> (x, two) a = SequenceAt (s, last)",
      [6, 7],
    ],
    ["a list of sizes", "s = SplitToSequence <axis = -2> (x, sizes) a = SequenceAt (s, i1)", [1, 5]],
    ["the last of a list", "s = SplitToSequence <axis = 1> (x, sizes) a = SequenceAt (s, last)", [5, 7]],
    ["one each", "s = SplitToSequence <axis = 1> (x) a = SequenceAt (s, i1)", [1, 2]],
  ])("an element is a Slice: %s", async (_, nodes, [start, end]) => {
    const { model, ops } = await rewrite(graphText(X, CONSTANTS, `${nodes} y = Neg (a)`));
    expect(ops.map((op) => op.replace(/, .*/, ""))).toEqual(["a = Slice(x", "y = Neg(a)"]);
    const [, starts, ends] = model.graph.first?.inputs ?? [];
    expect([starts, ends].map((value) => value?.tensor?.toScalar())).toEqual([start, end]);
  });

  it("sizes that a run tells, as many as is known, go to the Split", async () => {
    const taken =
      "s = SplitToSequence <axis = 1> (x, n) a = SequenceAt (s, i0) b = SequenceAt (s, last) y = Concat <axis = 1> (b, a)";
    const sizes = { shapes: { x: [2, 7, 3] } };
    const { ops } = await rewrite(graphText("float[N,S,3] x, int64[2] n", CONSTANTS, taken), sizes);
    expect(ops).toEqual(["a, b = Split(x, n)", "y = Concat(b, a)"]);
    const only = "s = SplitToSequence <axis = 1> (x, n) y = SequenceAt (s, i1)";
    expect((await rewrite(graphText("float[N,S,3] x, int64[2] n", CONSTANTS, only), sizes)).ops).toHaveLength(
      1,
    );
  });

  it.each([
    ["an unknown number of sizes", "int64[K] n", taken2("i0", "i1"), 17],
    ["sizes of int32, which Split does not take", "int32[2] n", taken2("i0", "i1"), 17],
    ["before opset 13", "int64[2] n", taken2("i0", "i1"), 12],
    ["one element twice", "int64[2] n", taken2("i0", "i0"), 17],
  ])("sizes that a run tells stay: %s", async (_, input, nodes, opset) => {
    const { ops } = await rewrite(graphText(`float[N,S,3] x, ${input}`, CONSTANTS, nodes), {
      opset,
      passes: ["simplify-sequences"],
      shapes: { x: [2, 7, 3] },
    });
    expect(ops.join()).toContain("SplitToSequence");
  });

  it("all elements side by side are a Split", async () => {
    const nodes =
      "s = SplitToSequence <axis = 1> (x, sizes) a = SequenceAt (s, i0) b = SequenceAt (s, i1) c = SequenceAt (s, last) " +
      "d = Relu (a) e = Neg (b) f = Exp (c) y = Concat <axis = 1> (f, e, d)";
    for (const opset of [12, 17]) {
      const { ops } = await rewrite(graphText(X, CONSTANTS, nodes), { opset });
      expect(ops.map((op) => op.replace(/^.* = |\(.*/g, ""))).toEqual([
        "Split",
        "Relu",
        "Neg",
        "Exp",
        "Concat",
      ]);
    }
  });

  it.each([
    ["of a known number", 1, "last", 6],
    ["counted from the end in an axis from the end", -2, "last", 6],
    ["of an unknown number", 0, "i1", 1],
    ["the last of an unknown number", 0, "last", -1],
  ])("an element without the axis is a Gather: %s", async (_, axis, place, index) => {
    const nodes = `s = SplitToSequence <axis = ${axis}, keepdims = 0> (x) a = SequenceAt (s, ${place}) y = Neg (a)`;
    const { model, ops } = await rewrite(graphText(X, CONSTANTS, nodes));
    expect(ops).toEqual(["a = Gather(x, a_index)", "y = Neg(a)"]);
    expect(model.graph.first?.input(1)?.tensor?.toScalar()).toBe(index);
    expect(model.graph.first?.input(1)?.tensor?.dims).toEqual([]);
  });

  it("several elements without the axis are as many Gathers, one that is taken twice a single one", async () => {
    const nodes =
      "s = SplitToSequence <axis = 2, keepdims = 0> (x) a = SequenceAt (s, i0) b = SequenceAt (s, last) " +
      "c = SequenceAt (s, i0) d = Mul (b, c) y = Sub (a, d)";
    const { ops } = await rewrite(graphText(X, CONSTANTS, nodes));
    expect(ops.map((op) => op.replace(/^.* = |\(.*/g, ""))).toEqual(["Gather", "Gather", "Mul", "Sub"]);
  });

  it("elements that callers see keep their names, one that they see twice too", async () => {
    const both = "s = SplitToSequence <axis = 1> (x, two) y = SequenceAt (s, i1) e = SequenceAt (s, last)";
    await expectRewrite(graphText(X, CONSTANTS, both, "y, e"), ["s_1, y, s_3, e = Split(x, s_sizes)"]);
    const twice = "s = SplitToSequence <axis = 1> (x, two) y = SequenceAt (s, i1) e = SequenceAt (s, i1)";
    const { ops } = await rewrite(graphText(X, CONSTANTS, twice, "y, e"));
    expect(ops.map((op) => op.replace(/, .*/, ""))).toEqual(["y = Slice(x", "e = Identity(y)"]);
  });

  it("an element of a constructed sequence is the tensor that was put in, and joining it is a Concat", async () => {
    const text = graphText(
      X,
      CONSTANTS,
      "s = SequenceConstruct (x, z) a = SequenceAt (s, last) b = Neg (a) t = SequenceConstruct (b, x) " +
        "y = ConcatFromSequence <axis = 1> (t)",
    );
    await expectRewrite(text, ["b = Neg(z)", "y = Concat(b, x)"]);
  });

  it.each([
    [
      "a length that is asked for",
      "s = SplitToSequence <axis = 1> (x, two) a = SequenceAt (s, i1) n = SequenceLength (s) f = Cast <to = 1> (n) y = Add (a, f)",
    ],
    [
      "elements without the axis, beside the length",
      "s = SplitToSequence <axis = 1, keepdims = 0> (x) a = SequenceAt (s, i1) n = SequenceLength (s) f = Cast <to = 1> (n) y = Add (a, f)",
    ],
    [
      "the last of a size that is not known",
      "s = SplitToSequence <axis = 0> (x, two) y = SequenceAt (s, last)",
    ],
    ["a new axis", "s = SequenceConstruct (z, z) y = ConcatFromSequence <axis = 1, new_axis = 1> (s)"],
  ])("stays: %s", async (_, nodes) => {
    await expectKept(graphText(X, CONSTANTS, nodes));
  });
});
