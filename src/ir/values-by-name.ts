import type { Graph, Value } from "./graph.js";

/**
 * The values of a graph by name: its inputs, its initializers and the outputs of its nodes, in this order. Bodies have
 * their own.
 */
export function valuesByName(graph: Graph): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const value of [...graph.inputs, ...graph.initializers]) values.set(value.name, value);
  for (const node of graph.nodes()) {
    for (const value of node.outputs) if (value !== null) values.set(value.name, value);
  }
  return values;
}
