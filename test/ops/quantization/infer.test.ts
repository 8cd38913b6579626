import { inferenceTable } from "../../support/infer.js";

inferenceTable("quantization", 17, [
  ["float[N,3] x, float s, int8 p", "y = QuantizeLinear(x, s, p)", "int8[N,3]"],
  ["int8[N,3] x, float16 s", "y = DequantizeLinear(x, s)", "float16[N,3]"],
]);
