import type { RaiseContext, RaiseTable } from "../../rules/raise/context.js";
import { intsToInput } from "../../rules/raise/steps.js";
import type { OPERATORS } from "./operators.js";

/** Reshape 5: the shape is an input. */
function reshapeInput(at: RaiseContext): void {
  at.node.unset("consumed_inputs");
  intsToInput("shape", 1)(at);
}

/** The steps of the family's operators, by the opset they lead to. */
export const raise: RaiseTable<typeof OPERATORS> = {
  Reshape: { 5: reshapeInput },
  Squeeze: { 13: intsToInput("axes", 1) },
  Unsqueeze: { 13: intsToInput("axes", 1) },
};
