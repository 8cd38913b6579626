import { ints, layoutTable } from "../../support/layout.js";
import { literal } from "../../support/text.js";

layoutTable("shape", [
  {
    name: "Expand",
    nodes: "m = ReduceMin <axes = [1]> (a) b = Expand (m, s)",
    constants: [ints("s", 1, 6, 5, 3)],
  },
  {
    name: "sizes that are read one by one",
    nodes: "t = Shape (a) h = Gather (t, one) f = Cast <to = 1> (h) b = Div (a, f)",
    constants: [literal("one", [], [1], "int64")],
  },
  {
    name: "Reshape that splits the channels",
    nodes: "g = Reshape (a, t) r = Softmax <axis = 4> (g) b = Reshape (r, u)",
    constants: [ints("t", -1, 4, 5, 1, 3), ints("u", -1, 4, 5, 3)],
  },
]);
