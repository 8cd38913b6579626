import { isRefusal, type Refusal, refuse } from "../base/refusal.js";
import { isStandardDomain, type Node, type Value } from "../ir/graph.js";
import { LAYOUT } from "../ops/layout.js";
import type { Facts } from "../rules/facts.js";
import type { Anchor, Relayout } from "../rules/layout/facet.js";
import { leavesAlone, type Permutation } from "../rules/layout/permutation.js";

/**
 * How `node` looks when the value at `anchor` has another order of axes. Values that are the same in both orders, as far as
 * their sizes are known, are left out.
 */
export function relayout(node: Node, anchor: Anchor, facts: Facts): Relayout | Refusal {
  const facet = isStandardDomain(node.domain) && !facts.isCall(node) ? LAYOUT.rule(node.opType) : undefined;
  if (facet === undefined) return refuse(`${node.label} needs its axes in order`);
  if (node.hasReferences) {
    return refuse(`an attribute of ${node.label} takes its value from the function's caller`);
  }
  const pinned = node.outputs.find((value) => value?.isPinned);
  if (pinned) return refuse(`"${pinned.name}" is named by an annotation or a training binding`);
  const found = facet(node, anchor, facts);
  if (isRefusal(found)) return refuse(`${node.label}: ${found.reason}`);
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
