import { refusals } from "../refusals.js";
import type { RaiseContext, RaiseStep } from "./context.js";

/** Opset 6 dropped a hint about memory. */
export function dropConsumed(at: RaiseContext): void {
  at.node.unset("consumed_inputs");
}

/** What was an INTS attribute is now input `index`; without it the input is left out, which means the same. */
export function intsToInput(name: string, index: number): RaiseStep {
  return (at) => {
    const value = at.takeInts(name);
    if (value !== undefined) at.node.setInput(index, value);
  };
}

/** Before opset 7, more outputs than the first are those of training, unless is_test says otherwise. */
function requireInference(at: RaiseContext): void {
  const extra = at.node.outputs.slice(1).some((value) => value !== null && value.uses.size > 0);
  if (at.int("is_test", 0) === 0 && extra) at.refuse(refusals.trainingOutputsAreUsed());
  at.node.unset("is_test");
}

/** BatchNormalization 7 and Dropout 7 have no is_test. */
export function inferenceMode(at: RaiseContext): void {
  dropConsumed(at);
  requireInference(at);
}
