import { describe, expect, it } from "vitest";
import { rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

/** For each condition of the passes on sizes and parts, the cases that only this condition tells apart. */
const LISTS = [
  "int64 first = {0}, int64 second = {1}",
  "int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] three = {3}",
];

describe("merge-adjacent-slices", () => {
  const ALONE = { passes: ["merge-adjacent-slices", "eliminate-dead"] };
  const joined = (slices: string, constants: string, outputs = "y"): string =>
    graphText(
      "float[N,6,4] x",
      [...LISTS, constants],
      `${slices} c = Concat <axis = 1> (p, q) y = Exp (c)`,
      outputs,
    );

  it.each([
    ["along another axis too", "p = Slice (x, from, to, both) q = Slice (x, behind, end, both)"],
    ["of every second place", "p = Slice (x, zero, two, one) q = Slice (x, two, six, one, two)"],
    ["that leave a place out", "p = Slice (x, zero, two, one) q = Slice (x, three, six, one)"],
    ["in another order", "p = Slice (x, two, six, one) q = Slice (x, zero, two, one)"],
  ])("leaves slices %s", async (_, slices) => {
    const lists =
      "int64[1] six = {6}, int64[2] from = {0, 0}, int64[2] to = {2, 3}, int64[2] behind = {2, 0}, int64[2] end = {6, 3}, int64[2] both = {1, 2}";
    const { rewrites } = await rewrite(joined(slices, lists), ALONE);
    expect(rewrites.filter(({ pass }) => pass === "merge-adjacent-slices")).toEqual([]);
  });

  it("makes one Slice of two, and none where as many would be left", async () => {
    const slices = "p = Slice (x, one, two, one) q = Slice (x, two, three, one)";
    const { ops } = await rewrite(joined(slices, "int64 unused = {0}"), ALONE);
    expect(ops.filter((line) => line.includes("Slice"))).toHaveLength(1);
    const { rewrites } = await rewrite(joined(slices, "int64 unused = {0}", "y, p"), ALONE);
    expect(rewrites.filter(({ pass }) => pass === "merge-adjacent-slices")).toEqual([]);
  });
});
