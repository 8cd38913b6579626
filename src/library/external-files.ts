import type { Model } from "../ir/model.js";
import type { Tensor } from "../ir/tensor.js";

export interface ExternalFile {
  /** The path as the model names it: relative to its folder. */
  readonly location: string;
  readonly tensors: number;
  /** The bytes of those tensors. */
  readonly bytes: number;
  readonly missing: boolean;
}

/** The files that hold tensors of the model, in the order they are named. */
export function externalFiles(model: Model): ExternalFile[] {
  const files = new Map<string, { tensors: number; bytes: number; missing: boolean }>();
  for (const tensor of tensorsOf(model)) {
    const { data } = tensor;
    const external = data.kind === "range" || data.kind === "missing" ? data.external : undefined;
    if (external === undefined) continue;
    const file = files.get(external.location) ?? { tensors: 0, bytes: 0, missing: false };
    file.tensors++;
    file.bytes += tensor.byteLength;
    file.missing ||= data.kind === "missing";
    files.set(external.location, file);
  }
  return [...files].map(([location, file]) => ({ location, ...file }));
}

function* tensorsOf(model: Model): Generator<Tensor, void, undefined> {
  for (const graph of model.graphs()) {
    for (const value of graph.initializers) {
      if (value.tensor !== undefined) yield value.tensor;
      if (value.sparse !== undefined) yield* [value.sparse.values, value.sparse.indices];
    }
    for (const node of graph.nodes()) {
      for (const attr of node.attributes.values()) {
        if (attr.kind === "tensor") yield attr.value;
        else if (attr.kind === "tensors") yield* attr.value;
      }
    }
  }
}
