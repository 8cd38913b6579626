import { inferenceTable } from "../../support/infer.js";

inferenceTable("reduction", 17, [
  ["float[N,3,4] x", "y = ReduceMean<axes=[-1]>(x)", "float[N,3,1]"],
  ["float[N,3,4] x", "y = ReduceMean<axes=[0,1], keepdims=0>(x)", "float[4]"],
  ["float[N,3,4] x", "y = ReduceMean<keepdims=0>(x)", "float[]"],
  ["float[N,3,4] x | int64[1] a = {1}", "y = ReduceSum(x, a)", "float[N,1,4]"],
  ["float[N,3,4] x", "y = ReduceSum<noop_with_empty_axes=1>(x)", "float[N,3,4]"],
  ["float[N,3,4] x, int64[2] a", "y = ReduceSum<keepdims=0>(x, a)", "float[?]"],
  ["float[N,3] x", "y = ArgMax<axis=1, keepdims=0>(x)", "int64[N]"],
  ["float[N,9] x | int64[1] k = {4}", "y, z = TopK(x, k)", "float[N,4]", "int64[N,4]"],
]);

inferenceTable("reduction", 18, [["float[N,3] x | int64[1] a = {0}", "y = ReduceMax(x, a)", "float[1,3]"]]);
