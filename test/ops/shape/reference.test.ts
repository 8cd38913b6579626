import { counting, referenceTable } from "../../support/reference.js";

referenceTable("shape", [["y = Flatten <axis = -1> (x)", { x: counting(1, 2, 2) }, [2, 2], [1, 2, 3, 4]]]);
