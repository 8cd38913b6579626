import type { Node } from "../ir/graph.js";
import { hasTrait } from "../ops/catalogue.js";
import { dropsAtRandom } from "../ops/generate/dropout.js";
import { inferRule } from "../ops/inference.js";
import type { Facts } from "../rules/facts.js";

/**
 * True when two runs of the node on the same inputs are known to give the same outputs, so that it may be computed
 * beforehand or merged with its twin. An unknown operator counts as random.
 */
export function isDeterministic(node: Node, facts: Facts): boolean {
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const opset = facts.opset(next);
    const isKnown = opset !== undefined && inferRule(next.domain, next.opType) !== undefined;
    if (!isKnown || hasTrait(next, "random") || facts.isCall(next)) return false;
    if (next.is("Dropout") && dropsAtRandom(next, opset, facts)) return false;
    for (const body of next.subgraphs) for (const inner of body.nodes()) pending.push(inner);
  }
  return true;
}
