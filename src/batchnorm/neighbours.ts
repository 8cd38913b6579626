import type { Node, Value } from "../ir/graph.js";

/**
 * The node that alone reads the value; undefined where there are several uses, or the one is an output of the graph.
 */
export function onlyReader(value: Value | undefined): Node | undefined {
  if (value?.uses.size !== 1) return undefined;
  const [use] = value.uses;
  return use?.kind === "node" ? use.node : undefined;
}

/** The node to insert before, so that new nodes come right behind `value`; undefined at the end of the graph. */
export function nodeBehind(value: Value): Node | undefined {
  return value.producer === undefined ? value.graph.first : value.producer.next;
}
