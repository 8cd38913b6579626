import { describe, expect, it } from "vitest";
import { rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

describe("merge-movement-chains", () => {
  it.each([
    ["Expand", "a = Tile (x, twice) y = Expand (a, to)"],
    ["Expand", "a = Exp (x) y = Expand (a, to)"],
    ["Tile", "a = Expand (x, to) y = Tile (a, twice)"],
    ["Pad", "a = Tile (x, twice) y = Pad (a, pads)"],
  ])("leaves %s behind another operator: %s", async (_, nodes) => {
    const { rewrites } = await rewrite(
      graphText(
        "float[1,3,1,3] x",
        [
          "int64[4] to = {2, 3, 2, 3}, int64[4] twice = {2, 1, 2, 1}, int64[8] pads = {1, 0, 0, 0, 0, 0, 0, 1}",
        ],
        nodes,
      ),
      { passes: ["merge-movement-chains"] },
    );
    expect(rewrites).toEqual([]);
  });
});
