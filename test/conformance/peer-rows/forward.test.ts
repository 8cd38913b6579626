import { FORWARD } from "./forward.js";
import { describeRows } from "./row.js";

describeRows(FORWARD);
