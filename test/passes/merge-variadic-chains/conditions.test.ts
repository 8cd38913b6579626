import { describe, expect, it } from "vitest";
import { rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

describe("merge-variadic-chains", () => {
  const ALONE = { passes: ["merge-variadic-chains", "eliminate-dead"] };
  const bounded = (input: string, constants: string, node: string): string =>
    graphText(input, [constants], `y = ${node}`);

  it.each([
    [
      "the least for Min",
      "float[N,3] x",
      "float low = {-0.5}, float high = {0.25}",
      "Min (x, high, low)",
      [-0.5],
      [],
    ],
    [
      "the largest for Max",
      "float[N,3] x",
      "float low = {-0.5}, float high = {0.25}",
      "Max (low, x, high)",
      [0.25],
      [],
    ],
    [
      "with the rank of all",
      "float[3] x",
      "float low = {-0.5}, float[1,1] high = {0.25}",
      "Max (x, low, high)",
      [0.25],
      [1, 1],
    ],
    ["of integers", "int64[N,3] x", "int64 low = {-2}, int64 high = {3}", "Min (x, high, low)", [-2], []],
  ])("one constant for two, %s", async (_, input, constants, node, elements, dims) => {
    const { model } = await rewrite(bounded(input, constants, node), ALONE);
    const tensors = [...model.graph.initializers].map(({ tensor }) => tensor);
    expect(tensors.map((tensor) => tensor && [[...tensor.toFloat64()], tensor.dims])).toEqual([
      [elements, dims],
    ]);
  });

  it.each([
    ["not a number", "float[N,3] x", "float low = {nan}, float high = {0.25}", "Max (x, low, high)"],
    [
      "no number that is told from its neighbours",
      "int64[N,3] x",
      "int64 low = {9007199254740993}, int64 high = {3}",
      "Min (x, low, high)",
    ],
  ])("a constant stays that is %s", async (_, input, constants, node) => {
    const { rewrites } = await rewrite(bounded(input, constants, node), ALONE);
    expect(rewrites).toEqual([]);
  });

  it("an operand goes of which every element is the last of its type, and no other", async () => {
    const bound = async (input: string, constants: string, node: string): Promise<number> => {
      const { rewrites } = await rewrite(bounded(input, constants, node), ALONE);
      return rewrites.filter(({ summary }) => summary.includes("does without 1 operand that")).length;
    };
    expect(await bound("int32[N,3] x", "int32 last = {2147483647}", "Min (x, last)")).toBe(1);
    expect(await bound("int32[N,3] x", "int32 last = {2147483646}", "Min (x, last)")).toBe(0);
    const among = "float least = {-inf}, float[3] k = {0.5, -0.5, 0.25}";
    expect(await bound("float[N,3] x", among, "Max (x, k, least)")).toBe(1);
    expect(await bound("uint32[N,3] x", "uint32 last = {4294967295}", "Min (x, last)")).toBe(1);
    expect(await bound("float[N,3] x", "float[3] last = {-inf, 0.5, -inf}", "Max (x, last)")).toBe(0);
  });

  it("a chain becomes one in one go", async () => {
    const { rewrites } = await rewrite(
      graphText(
        "float[N,3] x, float[N,3] u, float[N,3] v, float[N,3] w",
        [],
        "a = Max (x, u) b = Max (a, v) y = Max (w, b)",
      ),
      ALONE,
    );
    expect(rewrites.map(({ summary }) => summary)).toEqual([
      expect.stringContaining('takes the operands of Max "b"'),
    ]);
  });
});
