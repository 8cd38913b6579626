import type { Refusal } from "../base/refusal.js";
import { changesSpecialValues, SPECIAL_VALUES, type SpecialValue } from "../base/special-values.js";
import type { Pass, Proposal, Settings } from "./pass.js";
import { refusals } from "./refusals.js";

/** The special values that a rewrite may change, as it says itself or as its pass says of all. */
export function mayChange(pass: Pass, proposal: Proposal): readonly SpecialValue[] {
  return proposal.mayChange ?? pass.specials?.mayChange ?? SPECIAL_VALUES;
}

/** Why a rewrite is left out, where special values are to stay as they are. */
export function whyLeftOut(pass: Pass, proposal: Proposal, settings: Settings): Refusal | undefined {
  if (!settings.preserveNonfinite) return undefined;
  const changed = mayChange(pass, proposal);
  return changesSpecialValues(changed) ? refusals.rewriteMayChangeSpecialValues(changed) : undefined;
}
