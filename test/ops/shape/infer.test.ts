import { inferenceTable } from "../../support/infer.js";

inferenceTable("shape", 17, [
  ["float[N,3,4] x", "y = Shape(x)", "int64[3] = N,3,4"],
  ["float[N,3,4] x", "y = Shape<start=-2>(x)", "int64[2] = 3,4"],
  ["float[N,3,4] x", "y = Size(x)", "int64[] = 12*N"],
  ["float[N,3,4] x", "y = Flatten(x)", "float[N,12]"],
  ["float[N,3,4] x", "y = Flatten<axis=-1>(x)", "float[3*N,4]"],
  ["float[N,3,4] x", "y = Flatten<axis=3>(x)", "float[12*N,1]"],
  ["float[N,3,4] x | int64[2] s = {0,-1}", "y = Reshape(x, s)", "float[N,12]"],
  ["float[N,3,4] x | int64[3] s = {-1,2,6}", "y = Reshape(x, s)", "float[N,2,6]"],
  ["float[N,3,5] x | int64[2] s = {-1,2}", "y = Reshape(x, s)", "float[7*N + floor(N/2),2]"],
  ["float[N,3,4] x, int64[3] s", "y = Reshape(x, s)", "float[?,?,?]"],
  ["float[N,3,4] x, int64[] s", "y = Reshape(x, s)", "float[...]"],
  ["float[1,N,1] x | int64[1] a = {0}", "y = Squeeze(x, a)", "float[N,1]"],
  ["float[1,3,1] x", "y = Squeeze(x)", "float[3]"],
  ["float[1,N,1] x", "y = Squeeze(x)", "float[...]"],
  ["float[N,3] x | int64[2] a = {-1,0}", "y = Unsqueeze(x, a)", "float[1,N,3,1]"],
  ["float[3,1] x | int64[3] s = {2,1,6}", "y = Expand(x, s)", "float[2,3,6]"],
]);

inferenceTable("shape", 11, [
  ["float[1,N,1] x", "y = Squeeze<axes=[-1]>(x)", "float[1,N]"],
  ["float[N] x", "y = Unsqueeze<axes=[1]>(x)", "float[N,1]"],
]);
