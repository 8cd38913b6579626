import { describe, expect, it } from "vitest";
import { expectSame, expectTooHard } from "../support/raise.js";
import { modelOf } from "../support/rewrite.js";

/** [what, opset it comes from, graph, nodes at opset 21 where they are more or others]. */
type Case = readonly [string, number, string, (readonly string[])?];

const X = "float[2,3,4,5] x";

function reducing(opType: string): Case {
  return [opType, 11, `g (${X}) => (y) { y = ${opType} <axes = [1,-1], keepdims = 0> (x) }`];
}

const CASES: readonly Case[] = [
  ["Squeeze", 11, "g (float[1,3,1] x) => (y) { y = Squeeze <axes = [0]> (x) }"],
  ["Squeeze of every axis of size 1", 9, "g (float[1,3,1] x) => (y) { y = Squeeze (x) }"],
  ["Unsqueeze", 9, "g (float[3] x) => (y) { y = Unsqueeze <axes = [0,2]> (x) }"],
  ...["ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin"].map(reducing),
  ...["ReduceProd", "ReduceSum", "ReduceSumSquare"].map(reducing),
  ["ReduceMean of everything", 8, "g (float[2,3] x) => (y) { y = ReduceMean <keepdims = 0> (x) }"],
  ["ReduceSum of no axes", 11, "g (float[2,3] x) => (y) { y = ReduceSum <axes: ints = []> (x) }"],
  [
    "Slice",
    8,
    "g (float[4,5] x) => (y) { y = Slice <axes = [1], starts = [-3], ends = [9223372036854775807]> (x) }",
  ],
  ["Slice of the first axes", 9, "g (float[4,5] x) => (y) { y = Slice <starts = [1,0], ends = [3,-1]> (x) }"],
  ["TopK", 9, "g (float[3,7] x) => (y, i) { y, i = TopK <k = 2, axis = 1> (x) }"],
  ["Split by sizes", 11, "g (float[6,2] x) => (a, b) { a, b = Split <axis = 0, split = [2,4]> (x) }"],
  ["Split in equal parts", 9, "g (float[6,2] x) => (a, b, c) { a, b, c = Split (x) }"],
  ["Split by an input", 13, "g (float[6] x) => (a, b) <int64[2] s = {1,5}> { a, b = Split (x, s) }"],
  ["Pad", 9, "g (float[2,3] x) => (y) { y = Pad <pads = [0,1,2,0], value = 1.5> (x) }"],
  ["Pad of doubles", 10, "g (double[2,3] x) => (y) { y = Pad <pads = [0,1,2,0], value = 1.5> (x) }"],
  [
    "Pad by reflection, cropping",
    9,
    'g (float[4,5] x) => (y) { y = Pad <pads = [0,1,-1,2], mode = "reflect"> (x) }',
  ],
  ["Clip", 7, "g (float[9] x) => (y) { y = Clip <min = -0.5, max = 0.25> (x) }"],
  ["Clip from below", 10, "g (float[9] x) => (y) { y = Clip <min = 0.0> (x) }"],
  ["Dropout, as it does nothing", 10, "g (float[4] x) => (y) { y, m = Dropout <ratio = 0.25> (x) }"],
  ["Softmax of the last axis", 11, "g (float[2,3] x) => (y) { y = Softmax (x) }", ["y = Softmax(x)"]],
  [
    "Softmax of the last axis, counted from it",
    11,
    "g (float[N,3] x) => (y) { y = Softmax <axis = -1> (x) }",
    ["y = Softmax(x)"],
  ],
  ["Softmax before axes of size 1", 9, "g (float[2,3,1,1] x) => (y) { y = Softmax (x) }", ["y = Softmax(x)"]],
  ...["Softmax", "LogSoftmax", "Hardmax"].map(
    (opType): Case => [
      `${opType} of several axes`,
      11,
      `g (${X}) => (y) { y = ${opType} <axis = 2> (x) }`,
      [
        "Flatten = Flatten(x)",
        "Shape = Shape(x)",
        `y_before = ${opType}(Flatten)`,
        "y = Reshape(y_before, Shape)",
      ],
    ],
  ),
  ["Softmax of all axes", 11, "g (float[2,3] x) => (z) { y = Softmax <axis = 0> (x) z = Neg (y) }"],
  [
    "BatchNormalization",
    7,
    `g (${X}) => (y) <float[3] s = {1,2,3}, float[3] v = {4,5,6}> { y = BatchNormalization (x, s, s, s, v) }`,
  ],
  [
    "BatchNormalization per element of a vector",
    8,
    "g (float[2,3] x) => (y) <float[3] s = {1,2,3}, float[3] v = {4,5,6}> { y = BatchNormalization <spatial = 0> (x, s, s, s, v) }",
  ],
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
    "Scatter",
    9,
    "g (float[3,3] x) => (y) <int64[1,2] i = {0,2}, float[1,2] u = {7,8}> { y = Scatter <axis = 1> (x, i, u) }",
    ["y = ScatterElements(x, i, u)"],
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
  ["DFT", 17, "g (float[2,6,4,1] x) => (y) { y = DFT (x) }"],
  [
    "GroupNormalization",
    18,
    `g (float[2,6,3] x) => (y) <float[2] s = {0.5,2}, float[2] b = {1,-1}> { y = GroupNormalization <num_groups = 2> (x, s, b) }`,
  ],
  [
    "GroupNormalization of unknown size",
    18,
    `g (float[N,C,3] z) => (y) <float[2] s = {0.5,2}, float[2] b = {1,-1}, int64[3] f = {2,6,3}> { x = Expand (z, f) y = GroupNormalization <num_groups = 2> (x, s, b) }`,
  ],
];

describe("one operator, from the opset of each form to 21", () => {
  for (const [what, source, text, nodes] of CASES) {
    it(what, async () => {
      const ops = await expectSame(modelOf(text, source), 21);
      if (nodes !== undefined) expect(ops).toEqual(nodes);
    });
  }

  it("stops in between: each form on the way is the opset's", async () => {
    const upsample = modelOf(`g (${X}) => (y) { y = Upsample <scales = [1.0,1.0,2.0,3.0]> (x) }`, 7);
    for (const target of [8, 9, 10, 11, 13, 18]) {
      const [last] = (await expectSame(upsample, target)).slice(-1);
      expect(last).toMatch(target < 10 ? /= Upsample/ : /= Resize/);
    }
  });
});

describe("what cannot be carried over is refused, and the model left alone", () => {
  it.each<readonly [string, number, number, RegExp]>([
    [
      "g (float[2,3,4] x, float[3,4] s) => (y) { r = Relu (x) y = BatchNormalization <spatial = 0> (r, s, s, s, s) z = Squeeze <axes = [0]> (x) }",
      8,
      13,
      /opset 9: its statistics are per element/,
    ],
    [
      "g (float[2,3] x, float[3] s) => (y, m, v) { y, m, v = BatchNormalization (x, s, s, s, s) }",
      9,
      14,
      /running statistics/,
    ],
    [`g (${X}, float[4] s) => (y) { y = Resize (x, s) }`, 10, 11, /not known/],
    [
      `g (${X}) => (y) <float[4] s = {1,1,2,0.5}> { y = Resize (x, s) }`,
      10,
      11,
      /enlarges one axis and shrinks/,
    ],
    [
      `g (${X}) => (y) <float[0] r = {}, float[4] s = {1,1,2,2}> { y = Resize <coordinate_transformation_mode = "tf_half_pixel_for_nn"> (x, r, s) }`,
      11,
      13,
      /tf_half_pixel_for_nn/,
    ],
    ["g (float[2] x) => (y, m) { y, m = Dropout (x) }", 10, 12, /its mask is used/],
    ["g (int32[2] x) => (y) { y = Erf (x) }", 9, 13, /int32/],
    ["g (float[2] x) => (y) { y = Affine <alpha = 1.0> (x) }", 9, 13, /not one of the standard domain/],
    ["g (float[2] x) => (y) { y = Made (x) y2 = constructor (x) }", 17, 18, /not one of the standard domain/],
  ])("%s", (text, source, target, reason) => {
    expectTooHard(text, source, target, reason);
  });
});
