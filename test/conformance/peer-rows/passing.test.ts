import { PASSING } from "./passing.js";
import { describeRows } from "./row.js";

describeRows(PASSING);
