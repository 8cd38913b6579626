import { describe, expect, it } from "vitest";
import { rewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

/** For each condition of the passes on sizes and parts, the cases that only this condition tells apart. */
const LISTS = [
  "int64 first = {0}, int64 second = {1}",
  "int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] three = {3}",
];

describe("eliminate-default-inputs", () => {
  it.each([
    ["zeros but for one", "h = Expand (almost, t)"],
    ["moved, and no zeros", "h = Expand (half, t)"],
    ["made of zeros by an operator that does not keep them", "z = ConstantOfShape (t) h = Cos (z)"],
  ])("a state stays that is %s", async (_, state) => {
    const weights = [constant("W", [1, 6, 3]), constant("R", [1, 6, 2])];
    const numbers = "int64[1] layers = {1}, float[1,1,2] almost = {0, 0.5}, float half = {0.5}";
    const { ops } = await rewrite(
      graphText(
        "float[5,N,3] x",
        [...LISTS, ...weights, numbers],
        `s = Shape (x) n = Slice (s, one, two) t = Concat <axis = 0> (layers, n, two) ${state}
         y = GRU <hidden_size = 2> (x, W, R, "", "", h)`,
      ),
      { passes: ["eliminate-default-inputs"] },
    );
    expect(ops.at(-1)).toMatch(/h\)$/);
  });
});
