import { raiseTable } from "../../support/raise.js";

raiseTable("movement", [
  [
    "Slice",
    8,
    "g (float[4,5] x) => (y) { y = Slice <axes = [1], starts = [-3], ends = [9223372036854775807]> (x) }",
  ],
  ["Slice of the first axes", 9, "g (float[4,5] x) => (y) { y = Slice <starts = [1,0], ends = [3,-1]> (x) }"],
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
  [
    "Scatter",
    9,
    "g (float[3,3] x) => (y) <int64[1,2] i = {0,2}, float[1,2] u = {7,8}> { y = Scatter <axis = 1> (x, i, u) }",
    ["y = ScatterElements(x, i, u)"],
  ],
]);
