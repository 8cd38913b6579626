import { capturesOf } from "../ir/captures.js";
import type { Graph, Node, Value } from "../ir/graph.js";

/**
 * Sorts the nodes of `chosen` into levels, each in the graph's order: a node's level is the number of chosen nodes on
 * the longest way to it. The nodes of one level do not depend on each other, only on those of the levels before.
 */
export function levelsOf(graph: Graph, chosen: readonly Node[]): readonly (readonly Node[])[] {
  const wanted = new Set(chosen);
  const depths = new Map<Value, number>();
  const levels: Node[][] = [];
  for (const node of graph.nodes()) {
    let depth = 0;
    for (const value of [...node.inputs, ...capturesOf(node)]) {
      if (value !== null) depth = Math.max(depth, depths.get(value) ?? 0);
    }
    if (wanted.has(node)) {
      const level = levels[depth];
      if (level === undefined) levels[depth] = [node];
      else level.push(node);
      depth++;
    }
    for (const output of node.outputs) if (output !== null) depths.set(output, depth);
  }
  return levels;
}
