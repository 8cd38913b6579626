import { becomesTable, raiseTable, tooHardTable } from "../../support/raise.js";

raiseTable("elementwise", [
  ["Clip", 7, "g (float[9] x) => (y) { y = Clip <min = -0.5, max = 0.25> (x) }"],
  ["Clip from below", 10, "g (float[9] x) => (y) { y = Clip <min = 0.0> (x) }"],
]);

tooHardTable("elementwise", [["g (int32[2] x) => (y) { y = Erf (x) }", 9, 13, "type-has-no-later-form"]]);

const x = "float[2,3,4] x";

becomesTable("elementwise", [
  [
    "broadcast from an axis",
    6,
    `g (${x}, float[3] b) => (y) { y = Sub <broadcast = 1, axis = 1> (x, b) }`,
    `g (${x}, float[3] b) => (y) <int64[1] a = {1}> { c = Unsqueeze (b, a) y = Sub (x, c) }`,
  ],
  [
    "broadcast from the last axis",
    1,
    `g (${x}, float[4] b) => (y) { y = Mul <broadcast = 1, consumed_inputs = [0,0]> (x, b) }`,
    `g (${x}, float[4] b) => (y) { y = Mul (x, b) }`,
  ],
  [
    "a slope for each channel",
    6,
    `g (${x}) => (y) <float[3] s = {0.5,0.25,-1}> { y = PRelu (x, s) }`,
    `g (${x}) => (y) <float[3,1] s = {0.5,0.25,-1}> { y = PRelu (x, s) }`,
  ],
]);
