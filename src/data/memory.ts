import { present } from "../base/assert.js";
import { bitsOf } from "../ir/dtype.js";
import { type RuntimeTensor, type TensorMap, tensorSize } from "../runtime/runtime.js";
import type { Dataset, Field } from "./dataset.js";
import { errors } from "./errors.js";
import { sampledDataset } from "./sampled.js";

/**
 * A dataset of tensors in memory. The first dimension of each counts the samples, and must be the same for all. Throws
 * NormfoldError "usage" for no tensors, scalars, different numbers of samples, and data that does not fill its sizes.
 */
export function tensorDataset(tensors: TensorMap | Readonly<Record<string, RuntimeTensor>>): Dataset {
  const named = isMap(tensors) ? [...tensors] : Object.entries(tensors);
  const size = sampleCount(named);
  const fields = named.map(([name, { dtype, dims }]): Field => ({ name, dtype, shape: dims.slice(1) }));
  return sampledDataset({
    size,
    fields,
    read: (at, memory) =>
      Promise.resolve(
        new Map(named.map(([name, tensor]) => [name, gather(tensor, at, (bytes) => memory?.(bytes, name))])),
      ),
    close: () => Promise.resolve(),
  });
}

function isMap(tensors: TensorMap | Readonly<Record<string, RuntimeTensor>>): tensors is TensorMap {
  return tensors instanceof Map;
}

function sampleCount(named: readonly (readonly [string, RuntimeTensor])[]): number {
  const [first] = named;
  if (first === undefined) throw errors.datasetHasNoTensor();
  for (const [name, { dtype, dims, data }] of named) {
    const [samples] = dims;
    if (samples === undefined) throw errors.dataIsScalar(name);
    const size = present(first[1].dims[0], "the first is no scalar");
    if (samples !== size) throw errors.sampleCountsDiffer(`"${first[0]}"`, size, `"${name}"`, samples);
    const expected = tensorSize(dims) * (isBytes(data) ? bitsOf(dtype) / 8 : 1);
    if (data.length !== expected) {
      const given = `${data.length} ${isBytes(data) ? "bytes" : "elements"}`;
      throw errors.dataSizeDiffers(name, `${dtype}[${dims}]`, given, expected);
    }
  }
  return present(first[1].dims[0], "checked above");
}

function isBytes(data: RuntimeTensor["data"]): data is Uint8Array {
  return data instanceof Uint8Array;
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
