import { raiseTable } from "../../support/raise.js";

raiseTable("shape", [
  ["Squeeze", 11, "g (float[1,3,1] x) => (y) { y = Squeeze <axes = [0]> (x) }"],
  ["Squeeze of every axis of size 1", 9, "g (float[1,3,1] x) => (y) { y = Squeeze (x) }"],
  ["Unsqueeze", 9, "g (float[3] x) => (y) { y = Unsqueeze <axes = [0,2]> (x) }"],
]);
