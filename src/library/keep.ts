import type { Use, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { errors } from "./errors.js";

/** Holds the named values, and the outputs of the named nodes, in place until the function that it gives is called. */
export function pinKept(model: Model, names: readonly string[]): () => void {
  if (names.length === 0) return () => {};
  const wanted = new Set(names);
  const found = new Set<string>();
  const pinned: Value[] = [];
  const pin: Use = { kind: "pin", reason: "it is to be kept" };
  const offer = (value: Value | null, name: string | undefined): void => {
    if (value === null || name === undefined || !wanted.has(name)) return;
    found.add(name);
    value.addUse(pin);
    pinned.push(value);
  };
  for (const graph of model.graphs()) {
    for (const value of new Set([...graph.inputs, ...graph.initializers])) offer(value, value.name);
    for (const node of graph.nodes()) {
      for (const value of node.outputs) {
        offer(value, node.name);
        offer(value, value?.name);
      }
    }
  }
  const missing = names.find((name) => !found.has(name));
  if (missing !== undefined) throw errors.nothingToKeep(missing);
  return () => {
    for (const value of pinned) value.removeUse(pin);
  };
}
