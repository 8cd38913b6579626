import type { Node } from "../../ir/graph.js";
import type { Facts } from "../../rules/facts.js";

/**
 * Whether a Dropout of operator set `opset` draws what it drops. Training is an attribute before opset 7 (on unless is_test), an input from opset 12 on, and impossible between.
 */
export function dropsAtRandom(node: Node, opset: number, facts: Facts): boolean {
  if (opset < 7) return node.int("is_test", 0) === 0;
  const training = node.input(2);
  return training !== undefined && facts.numbers(training)?.[0] !== 0;
}
