import { isRefusal, type Refusal, refusedAt } from "../base/refusal.js";
import { isStandardDomain, type Node, type Value } from "../ir/graph.js";
import { refusals as irRefusals } from "../ir/refusals.js";
import { LAYOUT } from "../ops/layout.js";
import { Gap } from "../rules/facet.js";
import type { Facts } from "../rules/facts.js";
import type { Anchor, Relayout } from "../rules/layout/facet.js";
import { leavesAlone, type Permutation } from "../rules/layout/permutation.js";
import { refusals } from "./refusals.js";

/**
 * How `node` looks when the value at `anchor` has another order of axes. Values that are the same in both orders, as far as
 * their sizes are known, are left out.
 */
export function relayout(node: Node, anchor: Anchor, facts: Facts): Relayout | Refusal {
  const facet = isStandardDomain(node.domain) && !facts.isCall(node) ? LAYOUT.row(node.opType) : undefined;
  if (facet === undefined) return refusals.needsAxesInOrder(node.label);
  if (facet instanceof Gap) return refusals.needsAxesInOrder(node.label, facet.refusal);
  if (node.hasReferences) return irRefusals.attributeComesFromCaller(node.label);
  for (const value of node.outputs) {
    if (value?.pinnedBecause !== undefined) return irRefusals.valueIsPinned(value.name, value.pinnedBecause);
  }
  const found = facet(node, anchor, facts);
  if (isRefusal(found)) return refusedAt(node.label, found);
  return {
    ...found,
    inputs: effective(found.inputs, node.inputs, facts),
    outputs: effective(found.outputs, node.outputs, facts),
  };
}

function effective(
  orders: ReadonlyMap<number, Permutation>,
  values: readonly (Value | null)[],
  facts: Facts,
): ReadonlyMap<number, Permutation> {
  return new Map(
    [...orders].filter(([index, perm]) => {
      const value = values[index];
      if (value === undefined || value === null) return false;
      const shape = facts.shape(value);
      return shape?.length !== perm.length || !leavesAlone(perm, shape);
    }),
  );
}
