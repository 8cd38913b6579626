import { raiseTable, tooHardTable } from "../../support/raise.js";

raiseTable("generate", [
  ["Dropout, as it does nothing", 10, "g (float[4] x) => (y) { y, m = Dropout <ratio = 0.25> (x) }"],
]);

tooHardTable("generate", [
  ["g (float[2] x) => (y, m) { y, m = Dropout (x) }", 10, 12, "dropout-mask-changes-meaning"],
]);
