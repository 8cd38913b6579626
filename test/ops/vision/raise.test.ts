import { describe, expect, it } from "vitest";
import { expectSame, raiseTable, tooHardTable } from "../../support/raise.js";
import { modelOf } from "../../support/rewrite.js";

const X = "float[2,3,4,5] x";

raiseTable("vision", [
  [
    "Upsample to nearest",
    7,
    `g (${X}) => (y) { y = Upsample <scales = [1.0,1.0,2.0,3.0]> (x) }`,
    ["y = Resize(x, constant_1, constant)"],
  ],
  [
    "Upsample between",
    8,
    `g (${X}) => (y) { y = Upsample <mode = "linear", scales = [1.0,1.0,2.0,1.5]> (x) }`,
  ],
  ["Upsample by an input", 9, `g (${X}, float[4] s) => (y) <float[4] s = {1,1,2,2}> { y = Upsample (x, s) }`],
  ["Resize to larger", 10, `g (${X}) => (y) <float[4] s = {1,1,2.5,1.3}> { y = Resize (x, s) }`],
  ["Resize to smaller", 10, `g (${X}) => (y) <float[4] s = {1,1,0.6,0.4}> { y = Resize (x, s) }`],
  [
    "Resize between, larger and smaller",
    10,
    `g (${X}) => (y) <float[4] s = {1,1,2.5,0.6}> { y = Resize <mode = "linear"> (x, s) }`,
  ],
  [
    "RoiAlign",
    10,
    `g (${X}) => (y) <float[1,4] r = {0.3,0.2,3.1,3.4}, int64[1] b = {1}> { y = RoiAlign <output_height = 2, output_width = 2> (x, r, b) }`,
  ],
  [
    "GridSample",
    16,
    'g (float[1,1,4,4] x, float[1,2,2,2] p) => (y) { y = GridSample <mode = "bicubic"> (x, p) }',
  ],
  ["GridSample by default", 16, "g (float[1,1,4,4] x, float[1,2,2,2] p) => (y) { y = GridSample (x, p) }"],
]);

describe("Upsample", () => {
  it("stops in between: each form on the way is the opset's", async () => {
    const upsample = modelOf(`g (${X}) => (y) { y = Upsample <scales = [1.0,1.0,2.0,3.0]> (x) }`, 7);
    for (const target of [8, 9, 10, 11, 13, 18]) {
      const [last] = (await expectSame(upsample, target)).slice(-1);
      expect(last).toMatch(target < 10 ? /= Upsample/ : /= Resize/);
    }
  });
});

tooHardTable("vision", [
  [`g (${X}, float[4] s) => (y) { y = Resize (x, s) }`, 10, 11, "enlargement-is-unknown"],
  [`g (${X}) => (y) <float[4] s = {1,1,2,0.5}> { y = Resize (x, s) }`, 10, 11, "enlarges-and-shrinks"],
  [
    `g (${X}) => (y) <float[0] r = {}, float[4] s = {1,1,2,2}> { y = Resize <coordinate_transformation_mode = "tf_half_pixel_for_nn"> (x, r, s) }`,
    11,
    13,
    "coordinate-mode-was-removed",
  ],
]);
