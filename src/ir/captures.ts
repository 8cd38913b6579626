import type { Graph, Node, Value } from "./graph.js";

/** The values of graphs around it that a node's bodies read, each once. */
export function capturesOf(node: Node): readonly Value[] {
  if (node.subgraphs.length === 0) return [];
  const inside = new Set<Graph>();
  for (const body of node.subgraphs) for (const graph of body.withSubgraphs()) inside.add(graph);
  const captured = new Set<Value>();
  const note = (value: Value | null): void => {
    if (value !== null && !inside.has(value.graph)) captured.add(value);
  };
  for (const graph of inside) {
    for (const inner of graph.nodes()) inner.inputs.forEach(note);
    graph.outputs.forEach(note);
  }
  return [...captured];
}
