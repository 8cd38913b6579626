import type { RaiseContext, RaiseTable } from "../../rules/raise/context.js";
import type { OPERATORS } from "./operators.js";

/** DFT 20: the axis is an input with another default. */
function dftAxis(at: RaiseContext): void {
  const axis = at.int("axis", 1);
  at.node.unset("axis");
  at.node.setInput(2, at.int64(axis));
}

/** The steps of the family's operators, by the opset they lead to. */
export const raise: RaiseTable<typeof OPERATORS> = {
  DFT: { 20: dftAxis },
};
