import type { Node, Value } from "../ir/graph.js";

/** The node that alone reads the value; undefined where there are more, or where it is an output of its graph. */
export function onlyReader(value: Value | undefined): Node | undefined {
  if (value?.uses.size !== 1) return undefined;
  const [use] = value.uses;
  return use?.kind === "node" ? use.node : undefined;
}
