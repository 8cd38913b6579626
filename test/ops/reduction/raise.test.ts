import { type RaiseCase, raiseTable } from "../../support/raise.js";

const X = "float[2,3,4,5] x";

function reducing(opType: string): RaiseCase {
  return [opType, 11, `g (${X}) => (y) { y = ${opType} <axes = [1,-1], keepdims = 0> (x) }`];
}

raiseTable("reduction", [
  ...["ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin"].map(reducing),
  ...["ReduceProd", "ReduceSum", "ReduceSumSquare"].map(reducing),
  ["ReduceMean of everything", 8, "g (float[2,3] x) => (y) { y = ReduceMean <keepdims = 0> (x) }"],
  ["ReduceSum of no axes", 11, "g (float[2,3] x) => (y) { y = ReduceSum <axes: ints = []> (x) }"],
  ["TopK", 9, "g (float[3,7] x) => (y, i) { y, i = TopK <k = 2, axis = 1> (x) }"],
]);
