import { type ByteSource, memorySource } from "../base/bytes.js";
import { bitsOf, type FloatDType } from "../ir/dtype.js";
import { decodeNumbers, encodeNumbers, Tensor } from "../ir/tensor.js";

/** Elements [first, first + count) of a tensor that is computed, in float64. */
export type Elements = (first: number, count: number) => Float64Array;

/** Reading a tensor goes down through those it is computed from, and thousands of them would exhaust the stack. */
const DEEPEST = 32;

/** Through how many computed tensors the reading goes; none for one that is stored. */
const DEPTHS = new WeakMap<Tensor, number>();

/**
 * A tensor that is computed from `sources`: as it is, or, where reading it would go too deep (one weight that takes in
 * thousands of neighbours), with its bytes read at once and held.
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
 * A tensor whose elements are computed from `sources` when and as far as its bytes are read, each rounded once. Nothing is
 * held.
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
  const size = dims.reduce((product, dim) => product * dim, width);
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
 * Whether an element is NaN or infinite, in a type so narrow that weights in use come near its limits; the wide ones are not
 * read for it.
 */
export function leavesRange(tensor: Tensor): boolean {
  return tensor.dtype === "float16" && !tensor.toFloat64().every(Number.isFinite);
}
