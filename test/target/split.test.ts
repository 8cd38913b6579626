import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { slicesOfSplit } from "../../src/target/split.js";
import { executedOperators } from "../support/executed.js";
import { expectRefusal, modelOf, rewrite } from "../support/rewrite.js";
import { graphText } from "../support/text.js";

const CONSTANTS = [
  "int64[1] zero = {0}, int64[1] three = {3}, int64[1] six = {6}, int64[1] nine = {9}",
  "int64[1] axis = {2}, int64[1] other = {3}, int64[1] back = {-2}",
];
/** An attention of parts of a map: queries and values are transposed, keys are not. */
const ATTENTION = graphText(
  "float[2,4,9,5] x",
  CONSTANTS,
  `e = Exp (x) a = Slice (e, zero, three, axis) b = Slice (e, three, six, axis) c = Slice (e, six, nine, axis)
   q = Transpose <perm = [0, 1, 3, 2]> (a) m = MatMul (q, b) s = Softmax (m)
   v = Transpose <perm = [0, 1, 3, 2]> (c) y = MatMul (s, v)`,
);

describe("Slices that are one Split to onnxruntime", () => {
  it("keep the order of their axes together", async () => {
    const outcome = await rewrite(ATTENTION);
    expectRefusal(outcome, "slices-are-one-split");
    const [before, after] = [
      await executedOperators(outcome.original),
      await executedOperators(outcome.model),
    ];
    expect(before).toContain("Split");
    expect(after).toEqual(before);
  });

  it("do not for another runtime", async () => {
    const { model } = await rewrite(ATTENTION, { target: "any" });
    expect([...model.nodes()].filter((node) => node.is("Transpose"))).toHaveLength(1);
  });

  it.each([
    ["are Slices of one axis", "a = Slice (e, zero, three, axis) y = Slice (e, three, nine, back)", 2],
    ["not of two axes", "a = Slice (e, zero, three, axis) y = Slice (e, three, nine, other)", 0],
    [
      "not beside other readers",
      "a = Slice (e, zero, three, axis) b = Slice (e, three, nine, axis) y = Neg (e)",
      0,
    ],
    ["not one alone", "y = Slice (e, three, nine, axis)", 0],
  ])("%s", (_, nodes, count) => {
    const model = modelOf(graphText("float[2,4,9,5] x", CONSTANTS, `e = Exp (x) ${nodes}`));
    const [exp] = [...model.nodes()];
    const value = exp?.output(0);
    if (value === undefined) expect.unreachable("an output");
    expect(slicesOfSplit(value, createFacts(model))).toHaveLength(count);
  });
});
