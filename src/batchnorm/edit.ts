import { canTakeName, type Graph, type Node, type Value } from "../ir/graph.js";

/** Puts `to` in the place of `from`: it takes over the readers, the declaration and, where it can, the name. */
export function substitute(from: Value, to: Value): void {
  const { name, info, graph } = from;
  const wasOutput = from.isGraphOutput;
  graph.replaceUses(from, to);
  if (wasOutput) return;
  to.info = info;
  if (!canTakeName(from, to)) return;
  from.rename(graph.freshName(`${name}_replaced`));
  to.rename(name);
}

/**
 * Removes a node whose results nothing reads, and the nodes before it that thereby lose their last reader. Constants
 * stay.
 */
export function prune(node: Node): void {
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { graph } = next;
    if (graph === undefined || next.outputs.some((value) => (value?.uses.size ?? 0) > 0)) continue;
    const before = next.inputs.flatMap((value) => value?.producer ?? []);
    graph.removeNode(next);
    for (const node of before) pending.push(node);
  }
}

/** Removes constants that nothing reads. Initializers that a caller could override stay. */
export function removeUnusedConstants(graph: Graph): void {
  for (const value of [...graph.initializers]) {
    if (value.uses.size > 0) continue;
    if (!graph.hasInput(value)) graph.removeInitializer(value);
    else if (value.isConstant) graph.removeInput(value);
  }
}

/** Removes values from the outputs of their graph. */
export function withdrawOutputs(graph: Graph, values: ReadonlySet<Value>): void {
  if (graph.outputs.some((value) => values.has(value))) {
    graph.setOutputs(graph.outputs.filter((value) => !values.has(value)));
  }
}
