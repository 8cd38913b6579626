import { refusals } from "../refusals.js";
import type { RaiseContext, RaiseStep } from "./context.js";

/** Opset 6 dropped consumed_inputs, a hint about memory. */
export function dropConsumed(at: RaiseContext): void {
  at.node.unset("consumed_inputs");
}

/** Turns an INTS attribute into input `index`. A node without the attribute gets no input, which means the same. */
export function intsToInput(name: string, index: number): RaiseStep {
  return (at) => {
    const value = at.takeInts(name);
    if (value !== undefined) at.node.setInput(index, value);
  };
}

/** Before opset 7, further outputs mean training mode, unless is_test is set. */
function requireInference(at: RaiseContext): void {
  const extra = at.node.outputs.slice(1).some((value) => value !== null && value.uses.size > 0);
  if (at.int("is_test", 0) === 0 && extra) at.refuse(refusals.trainingOutputsAreUsed());
  at.node.unset("is_test");
}

/** From opset 7 on BatchNormalization and Dropout have no is_test. */
export function inferenceMode(at: RaiseContext): void {
  dropConsumed(at);
  requireInference(at);
}
