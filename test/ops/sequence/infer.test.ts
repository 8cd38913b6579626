import { inferenceTable } from "../../support/infer.js";

inferenceTable("sequence", 17, [
  ["float[N,3,4] x", "y = SequenceConstruct(x, x)", "sequence(float[N,3,4])"],
  ["float[N,3] x, int64 i", "s = SplitToSequence<axis=1>(x) y = SequenceAt(s, i)", "float[N,1]"],
]);
