import { describe, expect, it } from "vitest";
import { becomesTable, type RaiseCase, raise, raiseTable, tooHardTable } from "../../support/raise.js";
import { compare, modelOf } from "../../support/rewrite.js";

const X = "float[2,3,4,5] x";

raiseTable("normalization", [
  ["Softmax of the last axis", 11, "g (float[2,3] x) => (y) { y = Softmax (x) }", ["y = Softmax(x)"]],
  [
    "Softmax of the last axis, counted from it",
    11,
    "g (float[N,3] x) => (y) { y = Softmax <axis = -1> (x) }",
    ["y = Softmax(x)"],
  ],
  ["Softmax before axes of size 1", 9, "g (float[2,3,1,1] x) => (y) { y = Softmax (x) }", ["y = Softmax(x)"]],
  ...["Softmax", "LogSoftmax", "Hardmax"].map(
    (opType): RaiseCase => [
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
  [
    "Softmax without elements",
    11,
    "g (float[2] x) => (y, z) <float[2,0,3] e = {}> { y = Softmax (e) z = Neg (x) }",
    ["y = Softmax(e)", "z = Neg(x)"],
  ],
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
    "GroupNormalization",
    18,
    `g (float[2,6,3] x) => (y) <float[2] s = {0.5,2}, float[2] b = {1,-1}> { y = GroupNormalization <num_groups = 2> (x, s, b) }`,
  ],
  [
    "GroupNormalization of unknown size",
    18,
    `g (float[N,C,3] z) => (y) <float[2] s = {0.5,2}, float[2] b = {1,-1}, int64[3] f = {2,6,3}> { x = Expand (z, f) y = GroupNormalization <num_groups = 2> (x, s, b) }`,
  ],
]);

tooHardTable("normalization", [
  [
    "g (float[2,3,4] x, float[3,4] s) => (y) { r = Relu (x) y = BatchNormalization <spatial = 0> (r, s, s, s, s) z = Squeeze <axes = [0]> (x) }",
    8,
    13,
    "statistics-are-per-element",
  ],
  [
    "g (float[2,3] x, float[3] s) => (y, m, v) { y, m, v = BatchNormalization (x, s, s, s, s) }",
    9,
    14,
    "running-statistics-change-meaning",
  ],
]);

const x = "float[2,3,4] x";

becomesTable("normalization", [
  [
    "BatchNormalization, Dropout and Selu in their first form",
    1,
    `g (${x}) => (y) <float[3] s = {1,2,3}, float[3] v = {4,5,6}> {
         n = BatchNormalization <is_test = 1, consumed_inputs = [0,0,0,1,1]> (x, s, s, s, v)
         d, m = Dropout <is_test = 1> (n) y = Selu (d) }`,
    `g (${x}) => (y) <float[3] s = {1,2,3}, float[3] v = {4,5,6}> {
         n = BatchNormalization (x, s, s, s, v) y = Selu <alpha = 1.6732, gamma = 1.0507> (n) }`,
  ],
]);

describe("a Softmax of several axes whose sizes are not known", () => {
  it.each([
    [13, [2, 2, 0, 4]],
    [13, [0, 2, 3, 4]],
    [13, [2, 2, 3, 4]],
    [14, [2, 2, 0, 4]],
    [17, [0, 2, 3, 4]],
    [21, [0, 2, 0, 4]],
    [21, [2, 2, 3, 4]],
  ])("keeps its shape at opset %i on %j", async (opset, sizes) => {
    const original = modelOf("g (float[N,2,H,4] x) => (y) { y = Softmax (x) }", 11);
    const report = await compare(original, raise(original, opset), "exact", { x: sizes });
    expect(report).toMatchObject({ status: "equal", sets: [{ inputs: [{ dims: sizes }] }, {}] });
  });
});
