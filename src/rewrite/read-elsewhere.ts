import type { Refusal } from "../base/refusal.js";
import type { Value } from "../ir/graph.js";
import { refusals } from "../ir/refusals.js";

/** Why a value cannot be removed together with a node that reads it: it has other readers, or callers read it. */
export function readElsewhere(value: Value): Refusal | undefined {
  if (value.isGraphOutput) return refusals.valueIsGraphOutput(value.name);
  const source = value.producer?.label ?? `"${value.name}"`;
  return value.uses.size > 1 ? refusals.outputHasOtherUses(source, value.uses.size - 1) : undefined;
}
