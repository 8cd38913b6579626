import type { Node } from "../../ir/graph.js";
import type { Facts } from "../../rules/facts.js";

/**
 * True when a Dropout of opset `opset` may drop elements at random, in training mode. Before opset 7 is_test turns that off,
 * from opset 12 on an input turns it on, and in between there is no training mode.
 */
export function dropsAtRandom(node: Node, opset: number, facts: Facts): boolean {
  if (opset < 7) return node.int("is_test", 0) === 0;
  const training = node.input(2);
  return training !== undefined && facts.numbers(training)?.[0] !== 0;
}
