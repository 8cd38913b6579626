import { FORMS } from "./forms.js";
import { describeRows } from "./row.js";

describeRows(FORMS);
