import { raiseTable } from "../../support/raise.js";

raiseTable("signal", [["DFT", 17, "g (float[2,6,4,1] x) => (y) { y = DFT (x) }"]]);
