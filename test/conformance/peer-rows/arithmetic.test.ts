import { ARITHMETIC } from "./arithmetic.js";
import { describeRows } from "./row.js";

describeRows(ARITHMETIC);
