import { isFloat } from "../ir/dtype.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Facts } from "../ops/facts.js";

/** Whether a value can carry a gradient: integers, booleans, strings, sequences and optionals cannot. */
export function isDifferentiable(facts: Facts, value: Value): boolean {
  const type = facts.typeOf(value);
  if (type === undefined) return true;
  return type.kind === "tensor" && (type.dtype === undefined || isFloat(type.dtype));
}

/** The values that change with one of `wrt` along a path of floating-point values. */
export function reachFrom(graph: Graph, wrt: Iterable<Value>, facts: Facts): ReadonlySet<Value> {
  const reached = new Set<Value>(wrt);
  for (const node of graph.nodes()) {
    const isReached =
      node.inputs.some((value) => value !== null && reached.has(value)) ||
      capturesOf(node).some((value) => reached.has(value));
    if (!isReached) continue;
    for (const output of node.outputs)
      if (output !== null && isDifferentiable(facts, output)) reached.add(output);
  }
  return reached;
}

/** The values from around the node that its bodies read, each once. */
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
