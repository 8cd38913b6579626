import { inferenceTable } from "../../support/infer.js";

inferenceTable("normalization", 17, [
  ["float[N,3,H] x, float[3] c", "y = BatchNormalization(x, c, c, c, c)", "float[N,3,H]"],
  [
    "float[N,3,H] x, double[3] c",
    "y, z = BatchNormalization<training_mode=1>(x, c, c, c, c)",
    "float[N,3,H]",
    "double[3]",
  ],
  ["float16[N,S,64] x, float16[64] c", "y, z = LayerNormalization(x, c)", "float16[N,S,64]", "float[N,S,1]"],
  ["float[N,3] x", "y = Softmax(x)", "float[N,3]"],
]);
