import { ints, layoutTable } from "../../support/layout.js";
import { literal } from "../../support/text.js";

layoutTable("reduction", [
  { name: "ReduceMean", nodes: "b = ReduceMean <axes = [1, 2]> (a)" },
  { name: "ReduceSum", nodes: "b = ReduceSum (a, ax)", constants: [ints("ax", -1)] },
  { name: "ReduceMax of all", nodes: "m = ReduceMax (a) b = Add (a, m)" },
  { name: "ArgMax", nodes: "i = ArgMax <axis = 3> (a) b = Cast <to = 1> (i)" },
  { name: "CumSum", nodes: "b = CumSum (a, ax)", constants: [literal("ax", [], [2], "int64")] },
  { name: "TopK", nodes: "b, i = TopK <axis = 2> (a, k)", constants: [ints("k", 2)] },
  {
    name: "ReduceMax, Squeeze and Unsqueeze",
    nodes: "m = ReduceMax <axes = [3]> (a) s = Squeeze (m, ax) r = Relu (s) b = Unsqueeze (r, ax)",
    constants: [ints("ax", 3)],
  },
  {
    name: "a reduction that drops its axis, and one of the lost axis's neighbours",
    nodes: "m = ReduceMax <axes = [2], keepdims = 0> (a) b = Unsqueeze <axes = [2]> (m)",
    opset: 12,
  },
]);
