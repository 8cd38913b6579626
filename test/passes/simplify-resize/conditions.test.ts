import { describe, it } from "vitest";
import { expectRefused } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

/** For each condition of the passes on sizes and parts, the cases that only this condition tells apart. */
const LISTS = [
  "int64 first = {0}, int64 second = {1}",
  "int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] three = {3}",
];

describe("simplify-resize", () => {
  it("the region of interest has its own sizes", async () => {
    await expectRefused(
      graphText(
        "float[N,3,6,7] x",
        [...LISTS, "int64[2] to = {9, 5}", "float[8] region = {0, 0, 0.25, 0.25, 1, 1, 0.75, 0.75}"],
        `s = Shape (x) n = Slice (s, zero, two, zero) t = Concat <axis = 0> (n, to)
         y = Resize <mode = "linear", coordinate_transformation_mode = "tf_crop_and_resize"> (x, region, "", t)`,
      ),
      "sizes-come-from-region",
      { passes: ["simplify-resize"], shapes: { x: [2, 3, 6, 7] } },
    );
  });

  it("constant sizes stay sizes", async () => {
    await expectRefused(
      graphText("float[2,3,6,7] x", ["int64[4] to = {2, 3, 9, 5}"], 'y = Resize (x, "", "", to)'),
      undefined,
      { passes: ["simplify-resize"] },
    );
  });
});
