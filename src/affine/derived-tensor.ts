import { type ByteSource, memorySource } from "../base/bytes.js";
import { product } from "../base/integers.js";
import { bitsOf, type FloatDType } from "../ir/dtype.js";
import { decodeNumbers, encodeNumbers, Tensor } from "../ir/tensor.js";

/** Elements [first, first + count) of a tensor that is computed, in float64. */
export type Elements = (first: number, count: number) => Float64Array;

/** Reading a computed tensor reads those it is computed from; a chain of thousands would exhaust the stack. */
const DEEPEST = 32;

/** The number of computed tensors that reading one goes through. Stored tensors have no entry. */
const DEPTHS = new WeakMap<Tensor, number>();

/**
 * The tensor as it is, or a copy whose bytes are read at once and held where the chain of `sources` that it is computed
 * from has become too long: one weight may take in thousands of neighbours.
 */
export function boundDepth(tensor: Tensor, sources: readonly (Tensor | undefined)[]): Tensor {
  const deepest = sources.reduce((most, source) => Math.max(most, (source && DEPTHS.get(source)) ?? 0), 0);
  if (deepest < DEEPEST) {
    DEPTHS.set(tensor, deepest + 1);
    return tensor;
  }
  const range = { source: memorySource(tensor.bytes()), offset: 0, length: tensor.byteLength };
  return new Tensor(tensor.dtype, tensor.dims, { kind: "range", range });
}

/**
 * A tensor whose elements are computed from `sources` when its bytes are read, only as many as are read, each rounded once.
 * Nothing is held.
 */
export function derivedTensor(
  dtype: FloatDType,
  dims: readonly number[],
  sources: readonly Tensor[],
  elements: Elements,
): Tensor {
  const width = bitsOf(dtype) / 8;
  const read = (offset: number, length: number): Uint8Array => {
    const first = Math.floor(offset / width);
    const last = Math.ceil((offset + length) / width);
    const start = offset - first * width;
    return encodeNumbers(dtype, elements(first, last - first)).subarray(start, start + length);
  };
  const size = product(dims) * width;
  const source: ByteSource = { size, read };
  const derived = new Tensor(dtype, dims, { kind: "range", range: { source, offset: 0, length: size } });
  return boundDepth(derived, sources);
}

/** Elements [first, first + count) of a tensor, read from where they are. */
export function readElements(tensor: Tensor, first: number, count: number): Float64Array {
  const width = bitsOf(tensor.dtype) / 8;
  const bytes = new Uint8Array(count * width);
  tensor.readInto(bytes, first * width);
  return decodeNumbers(tensor.dtype, bytes, count);
}

/**
 * Whether an element of a float16 tensor is NaN or infinite. Wider types are not read for it, because the weights of networks
 * stay far from their limits.
 */
export function leavesRange(tensor: Tensor): boolean {
  return tensor.dtype === "float16" && !tensor.toFloat64().every(Number.isFinite);
}
