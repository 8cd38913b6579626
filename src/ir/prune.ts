import type { Graph, Node, Value } from "./graph.js";

/**
 * Removes the nodes and initializers that no output of the graph needs, with their annotations. For graphs whose outputs were
 * just chosen: unlike the pass eliminate-dead it assumes that custom operators have no side effects.
 */
export function pruneUnread(graph: Graph): void {
  for (let node = graph.last; node !== undefined; ) {
    const current: Node = node;
    node = node.previous;
    if (current.outputs.every((value) => value === null || isUnread(value))) discard(graph, current);
  }
  for (const value of [...graph.initializers]) {
    if (value.isGraphInput || !isUnread(value)) continue;
    unpin(value);
    graph.removeInitializer(value);
  }
  graph.annotations = graph.annotations.filter(
    ({ tensor }) => typeof tensor === "string" || !isRemoved(graph, tensor),
  );
}

/** True when no node or output reads the value. A value that only an annotation names goes together with the annotation. */
function isUnread(value: Value): boolean {
  for (const use of value.uses) if (use.kind !== "pin") return false;
  return true;
}

function discard(graph: Graph, node: Node): void {
  for (const value of node.outputs) if (value !== null) unpin(value);
  graph.removeNode(node);
}

function unpin(value: Value): void {
  for (const use of [...value.uses]) if (use.kind === "pin") value.removeUse(use);
}

/** True once the value's node, or the value itself, is no longer in its graph. */
export function isRemoved(graph: Graph, value: Value): boolean {
  if (value.producer !== undefined) return value.producer.graph === undefined;
  return !graph.hasInput(value) && !graph.initializers.has(value);
}
