import type { ByteSource } from "../base/bytes.js";
import { bitsOf, type FloatDType } from "../ir/dtype.js";
import { decodeNumbers, encodeNumbers, Tensor } from "../ir/tensor.js";

/** Elements [first, first + count) of a tensor that is computed, in float64. */
export type Elements = (first: number, count: number) => Float64Array;

/** A tensor whose elements are computed when and as far as its bytes are read, each rounded once. Nothing is held. */
export function derivedTensor(dtype: FloatDType, dims: readonly number[], elements: Elements): Tensor {
  const width = bitsOf(dtype) / 8;
  const read = (offset: number, length: number): Uint8Array => {
    const first = Math.floor(offset / width);
    const last = Math.ceil((offset + length) / width);
    const start = offset - first * width;
    return encodeNumbers(dtype, elements(first, last - first)).subarray(start, start + length);
  };
  const size = dims.reduce((product, dim) => product * dim, width);
  const source: ByteSource = { size, read };
  return new Tensor(dtype, dims, { kind: "range", range: { source, offset: 0, length: size } });
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
