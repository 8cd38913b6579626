import type { Node, Value } from "../ir/graph.js";
import { constantTensor } from "../rules/constants.js";
import type { Result } from "./constant-model.js";

/** A constant to be made, and the bytes of the constants that become unused with it. */
export interface Candidate extends Result {
  readonly freed: number;
}

/** A set of nodes, in the order of the graph: a Set, or a Map with something about each. */
type Nodes = Pick<ReadonlyMap<Node, unknown>, "has" | "keys">;

/** The values that are computed from constants and have a reader that is not. */
export function candidatesOf(foldable: Nodes): Candidate[] {
  const freed = freedBy(foldable);
  return [...foldable.keys()].flatMap((node) => {
    const values = node.outputs.filter((value) => value !== null && isReadOutside(value, foldable));
    return values.flatMap((value, at) =>
      value === null ? [] : [{ node, value, freed: at === 0 ? (freed.get(node) ?? 0) : 0 }],
    );
  });
}

/** True when something else than those nodes reads the value. */
export function isReadOutside(value: Value, foldable: Nodes): boolean {
  for (const use of value.uses) if (use.kind !== "node" || !foldable.has(use.node)) return true;
  return false;
}

/** For the node of each result, the bytes of the constants that only nodes leading to this result read. */
export function freedBy(foldable: Nodes): ReadonlyMap<Node, number> {
  // null: the node leads to several results.
  const leadsTo = new Map<Node, Node | null>();
  for (const node of [...foldable.keys()].reverse()) {
    const isResult = node.outputs.some((value) => value !== null && isReadOutside(value, foldable));
    const readers = isResult ? [node] : node.outputs.flatMap((value) => value?.users ?? []);
    const ends = new Set(readers.map((reader) => (reader === node ? node : (leadsTo.get(reader) ?? null))));
    const [end] = ends;
    leadsTo.set(node, ends.size === 1 && end !== undefined ? end : null);
  }
  const freed = new Map<Node, number>();
  const seen = new Set<Value>();
  for (const [node, end] of leadsTo) {
    for (const value of node.inputs) {
      const tensor = constantTensor(value ?? undefined);
      if (end === null || value === null || tensor === undefined || seen.has(value)) continue;
      seen.add(value);
      const isAlone = [...value.uses].every((use) => use.kind === "node" && leadsTo.get(use.node) === end);
      if (isAlone) freed.set(end, (freed.get(end) ?? 0) + tensor.byteLength);
    }
  }
  return freed;
}
