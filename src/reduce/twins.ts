import { present } from "../base/assert.js";
import { cloneModel, type ValueMap } from "../ir/clone.js";
import type { Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";

/** A copy of a model that is to be changed, and where the parts of the original are in it. */
export interface Twins {
  readonly copy: Model;
  /** The copy of a value. */
  readonly value: (original: Value) => Value;
  /** The copy of a node. */
  readonly node: (original: Node) => Node;
}

/** Copies a model. */
export function twinsOf(model: Model): Twins {
  const values: ValueMap = new Map();
  const copy = cloneModel(model, values);
  const copies = [...copy.nodes()];
  // A copy has its nodes in the order of the original.
  const nodes = new Map([...model.nodes()].map((node, index) => [node, copies[index]]));
  return {
    copy,
    value: (original) => present(values.get(original), `value "${original.name}" is of another model`),
    node: (original) => present(nodes.get(original), `${original.label} is of another model`),
  };
}
