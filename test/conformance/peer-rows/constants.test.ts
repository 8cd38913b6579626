import { CONSTANTS } from "./constants.js";
import { describeRows } from "./row.js";

describeRows(CONSTANTS);
