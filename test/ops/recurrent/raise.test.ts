import { becomesTable } from "../../support/raise.js";

becomesTable("recurrent", [
  [
    "RNN, which is told that it has an output sequence",
    1,
    "g (float[3,1,2] x) => (y) <float[1,2,2] w = {1,2,3,4}, float[1,2,2] r = {0.5,0.25,0.125,1}> { y = RNN <hidden_size = 2, output_sequence = 1> (x, w, r) }",
    "g (float[3,1,2] x) => (y) <float[1,2,2] w = {1,2,3,4}, float[1,2,2] r = {0.5,0.25,0.125,1}> { y = RNN <hidden_size = 2> (x, w, r) }",
  ],
]);
