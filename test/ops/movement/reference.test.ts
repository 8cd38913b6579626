import { describe, expect, it } from "vitest";
import { counting, referenceTable, run, values } from "../../support/reference.js";

referenceTable("movement", [
  ["y = Transpose(x)", { x: counting(2, 3) }, [3, 2], [1, 4, 2, 5, 3, 6]],
  ["y = Concat <axis = 1> (x, w)", { x: counting(2, 1), w: counting(2, 2) }, [2, 3], [1, 1, 2, 2, 3, 4]],
  [
    "y = DepthToSpace <blocksize = 2> (x)",
    { x: counting(1, 4, 1, 2) },
    [1, 1, 2, 4],
    [1, 3, 2, 4, 5, 7, 6, 8],
  ],
  [`y = Pad <mode = "reflect", pads = [2, 1]> (x)`, { x: counting(3) }, [6], [3, 2, 1, 2, 3, 2], 10],
]);

describe("movement, in float64", () => {
  it("slices to the end, backwards and from the end", () => {
    const constants = `int64[1] a = {-2}, int64[1] z = {9223372036854775807}, int64[1] first = {-9223372036854775807},
      int64[1] axis = {0}, int64[1] back = {-1}`;
    const x = counting(4);
    expect(values(run("y = Slice(x, a, z)", { x }, { constants }))).toEqual([3, 4]);
    expect(values(run("y = Slice(x, a, first, axis, back)", { x }, { constants }))).toEqual([3, 2, 1]);
  });
});
