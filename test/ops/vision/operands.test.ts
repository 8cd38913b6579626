import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  ["AffineGrid", "float[2,2,3] x, int64[4] s", "float y", "y = AffineGrid(x, s)", "2 2 3 4"],
  [
    "AffineGrid of declared sizes",
    "float[2,2,3] x, int64[4] s",
    "float[2,5,6,2] y",
    "y = AffineGrid(x, s)",
    "2 2 5 6",
  ],
  ["GridSample", "float[1,1,3,3] x, float[1,2,2,2] s", "float y", "y = GridSample(x, s)", "[-1.1, 1.1)"],
  [
    "MaxRoiPool",
    "float[1,1,9,9] x, float[2,5] s",
    "float y",
    "y = MaxRoiPool<pooled_shape = [2,2]>(x, s)",
    "0 1 1 5 6 0 1 1 5 6",
  ],
  [
    "NonMaxSuppression",
    "float[1,4,4] b, float[1,1,4] c, int64[1] s",
    "float y",
    "y = NonMaxSuppression(b, c, s)",
    "whole [1, 4)",
  ],
  [
    "NonMaxSuppression, the overlap",
    "float[1,4,4] b, float[1,1,4] c, int64[1] n, float[1] s",
    "float y",
    "y = NonMaxSuppression(b, c, n, s)",
    "[0.3, 0.7)",
  ],
  [
    "NonMaxSuppression, the score",
    "float[1,4,4] b, float[1,1,4] c, int64[1] n, float[1] t, float[1] s",
    "float y",
    "y = NonMaxSuppression(b, c, n, t, s)",
    "[-1, 0)",
  ],
  ["Resize", "float[1,2,3,4] x, float[4] s", "float y", "y = Resize(x, , s)", "1 1 2 2"],
  [
    "Resize to declared sizes",
    "float[1,2,4,4] x, float[4] s",
    "float[1,2,2,8] y",
    "y = Resize(x, , s)",
    "1 1 0.5625 2.0625",
  ],
  [
    "Resize of named axes",
    "float[1,2,3,4] x, float[2] s",
    "float y",
    "y = Resize<axes = [-1, 2]>(x, , s)",
    "2 2",
  ],
  ["Resize, the sizes", "float[1,2,3,4] x, int64[4] s", "float y", "y = Resize(x, , , s)", "1 2 6 8"],
  [
    "Resize, the region",
    "float[2,3] x, float[4] s, float[2] f",
    "float y",
    "y = Resize(x, s, f)",
    "0.25 0.25 0.75 0.75",
  ],
  [
    "RoiAlign",
    "float[3,1,9,9] x, float[2,4] r, int64[2] s",
    "float y",
    "y = RoiAlign(x, r, s)",
    "whole [0, 3)",
  ],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });

  it("Upsample", () => {
    expect(demandOnS("g (float[1,2,3,4] x, float[4] s) => (float y) { y = Upsample(x, s) }", 9)).toBe(
      "1 1 2 2",
    );
  });

  it("Resize of opset 10, whose factors are the second input", () => {
    expect(demandOnS("g (float[3] x, float[1] s) => (float y) { y = Resize(x, s) }", 10)).toBe("2");
  });
});
