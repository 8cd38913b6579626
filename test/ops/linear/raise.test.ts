import { becomesTable } from "../../support/raise.js";

becomesTable("linear", [
  [
    "Gemm, whose bias broadcasts anyway",
    6,
    "g (float[2,3] x) => (y) <float[3,4] w = {1,2,3,4,5,6,7,8,9,10,11,12}, float[4] b = {1,2,3,4}> { y = Gemm <broadcast = 1, alpha = 0.5> (x, w, b) }",
    "g (float[2,3] x) => (y) <float[3,4] w = {1,2,3,4,5,6,7,8,9,10,11,12}, float[4] b = {1,2,3,4}> { y = Gemm <alpha = 0.5> (x, w, b) }",
  ],
]);
