import type { SparseTensor } from "./attribute.js";
import type { Model } from "./model.js";
import type { Tensor } from "./tensor.js";

/** All tensors of a model: initializers, the parts of sparse ones, and attributes, in all its graphs. */
export function* tensorsOf(model: Model): Generator<Tensor, void, undefined> {
  for (const graph of model.graphs()) {
    for (const value of graph.initializers) {
      if (value.tensor !== undefined) yield value.tensor;
      if (value.sparse !== undefined) yield* partsOf(value.sparse);
    }
    for (const node of graph.nodes()) {
      for (const attr of node.attributes.values()) {
        if (attr.kind === "tensor") yield attr.value;
        else if (attr.kind === "tensors") yield* attr.value;
        else if (attr.kind === "sparse_tensor") yield* partsOf(attr.value);
        else if (attr.kind === "sparse_tensors") for (const sparse of attr.value) yield* partsOf(sparse);
      }
    }
  }
}

function partsOf({ values, indices }: SparseTensor): readonly Tensor[] {
  return [values, indices];
}
