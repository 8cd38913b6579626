import type { RaiseContext, RaiseTable } from "../../rules/raise/context.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** LpPool 2 and GlobalLpPool 2 take whole powers only. */
function wholePower(at: RaiseContext): void {
  const p = at.float("p") ?? 2;
  if (!Number.isInteger(p)) at.refuse(refusals.powerIsNotWhole(p));
  at.set("p", p);
}

/** The steps of the family's operators, by the opset they lead to. */
export const raise: RaiseTable<typeof OPERATORS> = {
  GlobalLpPool: { 2: wholePower },
  LpPool: { 2: wholePower },
};
