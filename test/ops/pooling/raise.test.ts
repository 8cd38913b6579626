import { becomesTable } from "../../support/raise.js";

becomesTable("pooling", [
  [
    "LpPool, whose power is whole",
    1,
    "g (float[1,2,5] x) => (y) { y = LpPool <p: float = 2.0, kernel_shape = [2]> (x) }",
    "g (float[1,2,5] x) => (y) { y = LpPool <p = 2, kernel_shape = [2]> (x) }",
  ],
]);
