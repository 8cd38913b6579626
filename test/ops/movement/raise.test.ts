import { becomesTable, raiseTable } from "../../support/raise.js";

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

const x = "float[2,3,4] x";

becomesTable("movement", [
  [
    "shape, padding, cast and repeats as attributes",
    1,
    `g (${x}) => (y, z) <int64 two = {2}, int64 axis = {1}> {
         r = Reshape <shape = [6,4]> (x) p = Pad <paddings = [1,0,0,2], value = 3.0> (r)
         y = Cast <to = "INT32"> (p) z = Tile (r, two, axis) }`,
    `g (${x}) => (y, z) <int64[2] s = {6,4}, int64[4] q = {1,0,0,2}, float v = {3}, int64[2] n = {1,2}> {
         r = Reshape (x, s) p = Pad (r, q, v) y = Cast <to = 6> (p) z = Tile (r, n) }`,
  ],
  [
    "a concatenation without an axis, and an Upsample of images",
    1,
    `g (float[1,2,3,3] x) => (y) { c = Concat (x, x) y = Upsample <height_scale = 2.0, width_scale = 3.0> (c) }`,
    `g (float[1,2,3,3] x) => (y) <float[0] r = {}, float[4] s = {1,1,2,3}> { c = Concat <axis = 1> (x, x)
         y = Resize <coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (c, r, s) }`,
  ],
]);
