import type { RaiseContext, RaiseTable } from "../../rules/raise/context.js";
import type { OPERATORS } from "./operators.js";

/** Opset 7 dropped output_sequence, because the list of outputs says the same. */
function dropOutputSequence(at: RaiseContext): void {
  at.node.unset("output_sequence");
}

/** The steps of the family's operators, by the opset they lead to. */
export const raise: RaiseTable<typeof OPERATORS> = {
  GRU: { 7: dropOutputSequence },
  LSTM: { 7: dropOutputSequence },
  RNN: { 7: dropOutputSequence },
};
