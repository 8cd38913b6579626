import type { Node } from "../ir/graph.js";
import { dropsAtRandom } from "../ops/normalization/dropout.js";
import { lookupOperator } from "../ops/registry.js";
import type { Facts } from "../rules/facts.js";

/**
 * True when two runs of the node on the same inputs are known to give the same outputs, so that it may be computed
 * beforehand or merged with its twin. Operators that normfold does not know are not trusted.
 */
export function isDeterministic(node: Node, facts: Facts): boolean {
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const opset = facts.opset(next);
    const facets = opset === undefined ? undefined : lookupOperator(next.domain, next.opType, opset);
    if (facets?.deterministic !== true || facts.isCall(next)) return false;
    if (next.opType === "Dropout" && dropsAtRandom(next, opset ?? 0, facts)) return false;
    for (const body of next.subgraphs) pending.push(...body.nodes());
  }
  return true;
}
