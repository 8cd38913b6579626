import { ints, layoutTable } from "../../support/layout.js";
import { literal } from "../../support/text.js";

layoutTable("vision", [
  {
    name: "Resize by scales",
    nodes: 'b = Resize <mode = "nearest"> (a, , s)',
    constants: [literal("s", [4], [1, 2, 3, 1])],
  },
  { name: "Upsample", nodes: "b = Upsample (a, s)", constants: [literal("s", [4], [1, 2, 3, 1])], opset: 9 },
  {
    name: "Resize to sizes",
    nodes: 'b = Resize <mode = "nearest"> (a, , , s)',
    constants: [ints("s", 2, 8, 15, 3)],
  },
]);
