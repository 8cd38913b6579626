import type { RaiseContext, RaiseTable } from "../../rules/raise/context.js";
import type { OPERATORS } from "./operators.js";

/** Gemm 7 always broadcasts its bias. */
function gemmBroadcast(at: RaiseContext): void {
  at.node.unset("broadcast");
}

/** The steps of the family's operators, by the opset they lead to. */
export const raise: RaiseTable<typeof OPERATORS> = {
  Gemm: { 7: gemmBroadcast },
};
