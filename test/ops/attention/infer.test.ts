import { inferenceTable } from "../../support/infer.js";

inferenceTable("attention", 23, [
  [
    "float[N,4,S,8] x, float[N,2,T,8] k, float[N,2,T,16] v",
    "y, z = Attention(x, k, v)",
    "float[N,4,S,16]",
    "float[N,2,T,8]",
  ],
  [
    "float[N,S,32] x, float[N,T,16] k, float[N,T,32] v",
    "y, z = Attention<q_num_heads=4, kv_num_heads=2>(x, k, v)",
    "float[N,S,64]",
    "float[N,2,T,8]",
  ],
  [
    "float[N,4,S,8] x, float[N,4,T,8] k, float[N,4,T,8] v, float[N,4,P,8] p, float[N,4,P,8] q",
    "y, z = Attention(x, k, v, , p, q)",
    "float[N,4,S,8]",
    "float[N,4,P + T,8]",
  ],
  ["float[N,4,S,8] x, float[9,4] c", "y = RotaryEmbedding(x, c, c)", "float[N,4,S,8]"],
]);
