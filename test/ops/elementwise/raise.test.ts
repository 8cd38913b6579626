import { raiseTable, tooHardTable } from "../../support/raise.js";

raiseTable("elementwise", [
  ["Clip", 7, "g (float[9] x) => (y) { y = Clip <min = -0.5, max = 0.25> (x) }"],
  ["Clip from below", 10, "g (float[9] x) => (y) { y = Clip <min = 0.0> (x) }"],
]);

tooHardTable("elementwise", [["g (int32[2] x) => (y) { y = Erf (x) }", 9, 13, /int32/]]);
