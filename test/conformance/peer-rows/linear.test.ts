import { LINEAR } from "./linear.js";
import { describeRows } from "./row.js";

describeRows(LINEAR);
