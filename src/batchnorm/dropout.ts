import type { Graph, Node } from "../ir/graph.js";
import { canReplace } from "../ir/graph.js";

/**
 * Removes the Dropout nodes of a graph and of the graphs inside it, because inference has none. One whose mask is read
 * stays, in inference form. Gives the number of nodes that were removed.
 */
export function removeDropout(graph: Graph): number {
  let removed = 0;
  for (const inner of graph.withSubgraphs()) {
    for (const node of inner.nodes()) if (node.is("Dropout") && removeOne(inner, node)) removed++;
  }
  return removed;
}

function removeOne(graph: Graph, node: Node): boolean {
  const [input, output, mask] = [node.input(0), node.output(0), node.output(1)];
  if (input === undefined || output === undefined) return false;
  // It is the identity without training_mode (an input from opset 12 on), and before opset 7 with is_test.
  node.setInputs([input]);
  if (node.attribute("is_test") !== undefined) node.set({ name: "is_test", kind: "int", value: 1n });
  if ((mask?.uses.size ?? 0) > 0 || !canReplace(output, input)) return false;
  graph.replaceUses(output, input);
  graph.removeNode(node);
  return true;
}
