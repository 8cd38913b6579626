import { describe } from "vitest";
import { behindConv, signed } from "../../support/affine-cases.js";

describe("Resize passes a map of the channels", () => {
  behindConv(
    "Resize to sizes",
    `t = Resize <mode = "linear"> (c, "", "", sizes)`,
    { left: ["Conv", "Resize"] },
    signed,
    ({ N }) => [`int64[4] sizes = {${N === "N" ? 1 : N}, 4, 9, 5}`],
  );
  behindConv(
    "Resize of the channels to as many, at a scale of 1.125",
    `t = Resize <mode = "nearest", nearest_mode = "floor"> (c, "", scales)`,
    { refused: "map-axis-may-be-resized" },
    signed,
    () => ["float[4] scales = {1.0, 1.125, 1.0, 1.0}"],
  );
  behindConv(
    "Resize that crops",
    `t = Resize <mode = "linear", coordinate_transformation_mode = "tf_crop_and_resize"> (c, roi, scales)`,
    { refused: "crop-is-filled" },
    signed,
    () => ["float[4] scales = {1.0, 1.0, 2.0, 2.0}", "float[8] roi = {0, 0, 0, 0, 1, 1, 1.5, 1}"],
  );
  for (const mode of ["nearest", "linear", "cubic"]) {
    behindConv(
      `Resize, ${mode}`,
      `t = Resize <mode = "${mode}", coordinate_transformation_mode = "half_pixel"> (c, "", scales)`,
      { left: ["Conv", "Resize"] },
      signed,
      () => ["float[4] scales = {1.0, 1.0, 2.0, 1.5}"],
    );
  }
});
