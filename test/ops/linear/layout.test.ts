import { layoutInPlaceTable } from "../../support/layout.js";
import { constant } from "../../support/text.js";

layoutInPlaceTable("linear", [
  {
    name: "MatMul with a matrix on the right",
    perm: [2, 0, 1, 3],
    nodes: "b = MatMul (a, w)",
    constants: [constant("w", [5, 2])],
  },
  {
    name: "MatMul of stacks",
    perm: [1, 0, 2, 3],
    nodes: "b = MatMul (a, w)",
    constants: [constant("w", [3, 2, 5, 2])],
  },
]);
