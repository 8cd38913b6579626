import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  ["CenterCropPad", "float[4,6] x, int64[2] s", "float y", "y = CenterCropPad(x, s)", "2 3"],
  [
    "CenterCropPad to declared sizes",
    "float[4,6] x, int64[2] s",
    "float[5,5] y",
    "y = CenterCropPad(x, s)",
    "5 5",
  ],
  [
    "Col2Im, the image",
    "float[1,4,5] x, int64[2] s, int64[2] b",
    "float[1,1,6,6] y",
    "y = Col2Im<dilations = [1, 5]>(x, s, b)",
    "6 6",
  ],
  [
    "Col2Im, the block",
    "float[1,4,5] x, int64[2] i, int64[2] s",
    "float[1,1,6,6] y",
    "y = Col2Im<dilations = [1, 5]>(x, i, s)",
    "2 2",
  ],
  [
    "Col2Im, the block over paddings",
    "float[1,5,15] x, int64[2] i, int64[2] s",
    "float[1,1,5,5] y",
    "y = Col2Im<pads = [0, 1, 0, 1]>(x, i, s)",
    "1 5",
  ],
  [
    "Col2Im with strides",
    "float[1,9,4] x, int64[2] i, int64[2] s",
    "float[1,1,5,5] y",
    "y = Col2Im<strides = [2, 2]>(x, i, s)",
    "3 3",
  ],
  ["Expand", "float[3,1] x, int64[3] s", "float y", "y = Expand(x, s)", "2 3 4"],
  ["Expand to declared sizes", "float[3,1] x, int64[3] s", "float[5,3,6] y", "y = Expand(x, s)", "5 3 6"],
  ["Gather", "float[4,6] x, int64[2] s", "float y", "y = Gather<axis = 1>(x, s)", "whole [0, 6)"],
  [
    "GatherElements",
    "float[4,6] x, int64[4,2] s",
    "float y",
    "y = GatherElements<axis = -1>(x, s)",
    "whole [0, 6)",
  ],
  ["GatherND", "float[4,6,9] x, int64[2,2] s", "float y", "y = GatherND(x, s)", "whole [0, 4)"],
  [
    "GatherND in batches",
    "float[2,6,9] x, int64[2,2] s",
    "float y",
    "y = GatherND<batch_dims = 1>(x, s)",
    "whole [0, 6)",
  ],
  ["OneHot, the depth", "int64[3] i, int64 s, float[2] v", "float y", "y = OneHot(i, s, v)", "5"],
  ["OneHot, a declared depth", "int64[3] i, int64 s, float[2] v", "float[3,8] y", "y = OneHot(i, s, v)", "8"],
  [
    "OneHot, the places",
    "int64[3] s, int64 d, float[2] v",
    "float[3,8] y",
    "y = OneHot(s, d, v)",
    "whole [0, 8)",
  ],
  ["Pad", "float[4,6] x, int64[4] s", "float y", "y = Pad(x, s)", "whole [0, 2)"],
  ["Pad, the axes", "float[4,6] x, int64[2] p, float c, int64[1] s", "float y", "y = Pad(x, p, c, s)", "0"],
  ["ReverseSequence", "float[5,2] x, int64[2] s", "float y", "y = ReverseSequence(x, s)", "whole [1, 6)"],
  [
    "ScatterElements",
    "float[4,6] x, int64[1,6] s, float[1,6] u",
    "float y",
    "y = ScatterElements(x, s, u)",
    "whole [0, 4)",
  ],
  [
    "ScatterND",
    "float[4,6] x, int64[3,1] s, float[3,6] u",
    "float y",
    "y = ScatterND(x, s, u)",
    "whole [0, 4)",
  ],
  ["Slice, the starts", "float[4,6] x, int64[2] s, int64[2] e", "float y", "y = Slice(x, s, e)", "0 0"],
  ["Slice, the ends", "float[4,6] x, int64[2] b, int64[2] s", "float y", "y = Slice(x, b, s)", "4 6"],
  [
    "Slice, the ends of other axes",
    "float[4,6] x, int64[1] b, int64[1] s, int64[1] a",
    "float y",
    "y = Slice(x, b, s, a)",
    "4",
  ],
  [
    "Slice to declared sizes",
    "float[4,6] x, int64[2] b, int64[2] s",
    "float[3,2] y",
    "y = Slice(x, b, s)",
    "3 2",
  ],
  [
    "Slice, the axes",
    "float[4,6] x, int64[2] b, int64[2] e, int64[2] s",
    "float y",
    "y = Slice(x, b, e, s)",
    "0 1",
  ],
  [
    "Slice, the steps",
    "float[4,6] x, int64[2] b, int64[2] e, int64[2] a, int64[2] s",
    "float y",
    "y = Slice(x, b, e, a, s)",
    "1 1",
  ],
  ["Split", "float[4,6] x, int64[2] s", "float y, float z", "y, z = Split<axis = 1>(x, s)", "2 4"],
  [
    "Split to declared sizes",
    "float[4,6] x, int64[2] s",
    "float[1,6] y, float[3,6] z",
    "y, z = Split(x, s)",
    "1 3",
  ],
  [
    "TensorScatter",
    "float[2,1,8,4] x, float[2,1,2,4] u, int64[2] s",
    "float y",
    "y = TensorScatter(x, u, s)",
    "0 0",
  ],
  ["Tile", "float[4,6] x, int64[2] s", "float y", "y = Tile(x, s)", "whole [1, 3)"],
  ["Trilu", "float[4,6] x, int64 s", "float y", "y = Trilu(x, s)", "whole [-1, 2)"],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });

  it("Scatter", () => {
    expect(
      demandOnS("g (float[4,6] x, int64[1,6] s, float[1,6] u) => (float y) { y = Scatter(x, s, u) }", 9),
    ).toBe("whole [0, 4)");
  });

  it("follow no declared sizes where they may be those of one example run", () => {
    const split = "g (float[4,6] x, int64[2] s) => (float[1,6] y, float[3,6] z) { y, z = Split(x, s) }";
    expect(demandOnS(split, 24, false)).toBe("1 3");
    const expand = "g (float[3,1] x, int64[2] s) => (float[3,9] y) { y = Expand(x, s) }";
    expect([true, false].map((hints) => demandOnS(expand, 24, hints))).toEqual(["3 9", "3 3"]);
  });
});
