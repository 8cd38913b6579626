import { describe, it } from "vitest";
import { checkGradient, expectRuleRefuses, modelOf } from "../../support/gradient.js";

interface ResizeCase {
  readonly sizes: readonly number[];
  readonly to?: readonly number[];
  readonly scales?: readonly number[];
  readonly attributes: string;
}

function resizeText({ sizes, to, scales, attributes }: ResizeCase): string {
  const constant =
    to === undefined
      ? `float[${scales?.length}] scales = {${scales?.join()}}`
      : `int64[${to.length}] sizes = {${to.join()}}`;
  const y = sizes.map((_, axis) => `y${axis}`).join();
  const inputs = to === undefined ? "x, , scales" : "x, , , sizes";
  return `g (float[${sizes.join()}] x) => (float[${y}] y) <${constant}> { y = Resize <${attributes}> (${inputs}) }`;
}

describe("Resize", () => {
  const up = { sizes: [2, 3, 4, 3], scales: [1, 1, 2, 3] };
  const down = { sizes: [1, 2, 5, 6], scales: [1, 1, 0.6, 0.5] };
  it.each<readonly [string, ResizeCase]>([
    [
      "nearest, larger",
      {
        ...up,
        attributes: 'mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"',
      },
    ],
    ["nearest, smaller", { ...down, attributes: 'mode = "nearest"' }],
    ["linear, half_pixel", { ...up, attributes: 'mode = "linear"' }],
    ["linear, smaller", { ...down, attributes: 'mode = "linear"' }],
    [
      "linear, align_corners",
      { ...up, attributes: 'mode = "linear", coordinate_transformation_mode = "align_corners"' },
    ],
    [
      "linear, asymmetric",
      { ...down, attributes: 'mode = "linear", coordinate_transformation_mode = "asymmetric"' },
    ],
    [
      "linear, pytorch_half_pixel",
      { ...up, attributes: 'mode = "linear", coordinate_transformation_mode = "pytorch_half_pixel"' },
    ],
    ["linear, antialias", { ...down, attributes: 'mode = "linear", antialias = 1' }],
    ["cubic", { ...up, attributes: 'mode = "cubic"' }],
    [
      "cubic, another coefficient",
      { ...up, attributes: 'mode = "cubic", cubic_coeff_a = -0.5, exclude_outside = 1' },
    ],
    ["to sizes", { sizes: [1, 2, 4, 3], to: [1, 2, 7, 5], attributes: 'mode = "linear"' }],
    ["one axis alone", { sizes: [2, 3, 4, 3], scales: [1, 1, 2, 1], attributes: 'mode = "nearest"' }],
    ["on one spatial axis", { sizes: [2, 3, 5], scales: [1, 1, 2], attributes: 'mode = "linear"' }],
    [
      "on three spatial axes",
      { sizes: [1, 2, 3, 2, 3], scales: [1, 1, 2, 2, 2], attributes: 'mode = "nearest"' },
    ],
    ["with axes", { sizes: [2, 3, 4, 3], scales: [2, 3], attributes: 'mode = "nearest", axes = [2, -1]' }],
  ])("%s", async (_, of) => {
    await checkGradient(resizeText(of), { rankless: false });
  });

  it("refuses cropping modes, and scales that are computed", () => {
    const crop =
      'g (float[1,1,4,4] x, float[8] roi) => (float[1,1,8,8] y) <float[4] s = {1,1,2,2}> { y = Resize <coordinate_transformation_mode = "tf_crop_and_resize"> (x, roi, s) }';
    expectRuleRefuses(crop, "y", "x", "crop-has-no-gradient");
    const data = "g (float[1,1,4,4] x, float[4] s) => (float[1,1,h,w] y) { y = Resize (x, , s) }";
    expectRuleRefuses(data, "y", "x", "resize-scales-are-unknown");
  });
});

describe("operators that are refused", () => {
  it("say why", () => {
    const grid = "g (float[1,1,4,4] x, float[1,3,3,2] t) => (float[1,1,3,3] y) { y = GridSample (x, t) }";
    expectRuleRefuses(grid, "y", "x", "grid-sample-has-no-gradient");
    const block = "g (float[1,2,4,4] q) => (float[1,2,4,4] y) { y = Attention (q, q, q) }";
    expectRuleRefuses(modelOf(block, 23), "y", "q", "attention-has-no-gradient");
  });
});
