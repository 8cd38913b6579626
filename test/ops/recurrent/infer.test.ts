import { inferenceTable } from "../../support/infer.js";

inferenceTable("recurrent", 17, [
  [
    "float[S,N,8] x, float[1,64,8] w, float[1,64,16] r",
    "y, z = LSTM(x, w, r)",
    "float[S,1,N,16]",
    "float[1,N,16]",
  ],
  [
    "float[N,S,8] x, float[2,48,8] w, float[2,48,16] r",
    'y, z = GRU<direction="bidirectional", hidden_size=16, layout=1>(x, w, r)',
    "float[N,S,2,16]",
    "float[N,2,16]",
  ],
]);
