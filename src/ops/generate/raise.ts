import type { RaiseContext, RaiseTable } from "../../rules/raise/context.js";
import { dropConsumed, inferenceMode } from "../../rules/raise/steps.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** The mask of a Dropout at inference: floats up to opset 9, and all ones from 12 on; before, runtimes gave zeros. */
function dropoutMask(at: RaiseContext): void {
  const mask = at.node.output(1);
  if (mask !== undefined && mask.uses.size > 0) at.refuse(refusals.dropoutMaskChangesMeaning());
}

/** Dropout 12: the ratio is an input. */
function dropoutRatio(at: RaiseContext): void {
  dropoutMask(at);
  const ratio = at.takeFloat("ratio");
  if (ratio !== undefined) at.node.setInput(1, ratio);
}

/** The steps of the family's operators, by the opset they lead to. */
export const raise: RaiseTable<typeof OPERATORS> = {
  Dropout: { 6: dropConsumed, 7: inferenceMode, 10: dropoutMask, 12: dropoutRatio },
};
