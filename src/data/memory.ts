import { present } from "../base/assert.js";
import { NormfoldError } from "../base/errors.js";
import { createRandom } from "../base/random.js";
import { bitsOf } from "../ir/dtype.js";
import { type RuntimeTensor, type TensorMap, tensorSize } from "../runtime/runtime.js";
import { assertBatchOptions, type Batch, type BatchOptions, type Dataset, type Field } from "./dataset.js";

/**
 * A dataset of tensors that are in memory. The first dimension of each counts the samples, and all have as many.
 * Throws "usage" for no tensors, scalars, other numbers of samples, and data that does not fill its sizes.
 */
export function tensorDataset(tensors: TensorMap | Readonly<Record<string, RuntimeTensor>>): Dataset {
  const named = isMap(tensors) ? [...tensors] : Object.entries(tensors);
  const size = sampleCount(named);
  const fields = named.map(([name, { dtype, dims }]): Field => ({ name, dtype, shape: dims.slice(1) }));
  return {
    size,
    fields,
    batches: (options) => batches(named, size, options),
    close: () => Promise.resolve(),
  };
}

function isMap(tensors: TensorMap | Readonly<Record<string, RuntimeTensor>>): tensors is TensorMap {
  return tensors instanceof Map;
}

function sampleCount(named: readonly (readonly [string, RuntimeTensor])[]): number {
  const [first] = named;
  if (first === undefined) throw new NormfoldError("usage", "a dataset needs at least one tensor");
  for (const [name, { dtype, dims, data }] of named) {
    const [samples] = dims;
    if (samples === undefined) {
      throw new NormfoldError(
        "usage",
        `tensor "${name}" is a scalar; its first dimension counts the samples`,
      );
    }
    if (samples !== first[1].dims[0]) {
      throw new NormfoldError(
        "usage",
        `"${first[0]}" has ${first[1].dims[0]} samples and "${name}" ${samples}; they must have as many`,
      );
    }
    const expected = tensorSize(dims) * (isBytes(data) ? bitsOf(dtype) / 8 : 1);
    if (data.length !== expected) {
      throw new NormfoldError(
        "usage",
        `tensor "${name}" of ${dtype}[${dims.join(",")}] has ${data.length} ${isBytes(data) ? "bytes" : "elements"}, not ${expected}`,
      );
    }
  }
  return present(first[1].dims[0], "checked above");
}

function isBytes(data: RuntimeTensor["data"]): data is Uint8Array {
  return data instanceof Uint8Array;
}

async function* batches(
  named: readonly (readonly [string, RuntimeTensor])[],
  total: number,
  options: BatchOptions,
): AsyncGenerator<Batch, void, undefined> {
  assertBatchOptions(options);
  const { size, limit = total, dropLast = false, skip = 0, memory, signal } = options;
  const order = sampleOrder(total, options.seed).subarray(0, limit);
  for (let start = skip * size; start < order.length; start += size) {
    signal?.throwIfAborted();
    const chosen = order.subarray(start, start + size);
    if (dropLast && chosen.length < size) return;
    const tensors = new Map(
      named.map(([name, tensor]) => [name, gather(tensor, chosen, (bytes) => memory?.(bytes, name))]),
    );
    yield await Promise.resolve({ size: chosen.length, tensors, places: chosen });
  }
}

/** The samples in the order they are drawn in: as they are stored, or shuffled by Fisher and Yates. */
export function sampleOrder(total: number, seed: number | undefined): Uint32Array {
  const order = Uint32Array.from({ length: total }, (_, i) => i);
  if (seed === undefined) return order;
  const random = createRandom(seed);
  for (let i = total - 1; i > 0; i--) {
    const other = random.integer(0, i + 1);
    const kept = order[i] ?? 0;
    order[i] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}

function gather(
  { dtype, dims, data }: RuntimeTensor,
  chosen: Uint32Array,
  memory: (size: number) => Uint8Array | undefined,
): RuntimeTensor {
  const elements = tensorSize(dims.slice(1));
  const sizes = [chosen.length, ...dims.slice(1)];
  if (!isBytes(data)) {
    const texts = [...chosen].flatMap((at) => data.slice(at * elements, (at + 1) * elements));
    return { dtype, dims: sizes, data: texts };
  }
  const stride = (elements * bitsOf(dtype)) / 8;
  const size = chosen.length * stride;
  const bytes = memory(size) ?? new Uint8Array(size);
  chosen.forEach((at, i) => {
    bytes.set(data.subarray(at * stride, (at + 1) * stride), i * stride);
  });
  return { dtype, dims: sizes, data: bytes };
}
