import { counting, referenceTable } from "../../support/reference.js";

referenceTable("reduction", [
  ["y = ReduceMean <axes = [0], keepdims = 0> (x)", { x: counting(2, 3) }, [3], [2.5, 3.5, 4.5]],
  ["y = ReduceL2(x)", { x: { dims: [2], data: [3, 4] } }, [1], [5]],
  ["y = ReduceSum <axes = [-1]> (x)", { x: counting(2, 2) }, [2, 1], [3, 7], 11],
]);
