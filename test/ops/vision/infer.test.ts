import { inferenceTable } from "../../support/infer.js";

inferenceTable("vision", 17, [
  ["float[N,3,H,5] x | float[4] s = {1,1,2,2.5}", 'y = Resize(x, "", s)', "float[N,3,2*H,12]"],
  ["float[N,3,H,5] x | int64[4] s = {1,3,7,9}", 'y = Resize(x, "", "", s)', "float[1,3,7,9]"],
  ["float[N,2,3,4] x, float[N,5,6,2] i", "y = GridSample(x, i)", "float[N,2,5,6]"],
]);
