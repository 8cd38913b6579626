import { capturesOf } from "../ir/captures.js";
import type { Graph, Node, Value } from "../ir/graph.js";

/**
 * The nodes of `chosen` by how many of them stand in a row before them, each level in the graph's order: those of one level do not see
 * each other, and see those of the levels before.
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
