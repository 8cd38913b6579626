import { product } from "../base/integers.js";
import type { DType } from "../ir/dtype.js";
import { decodeNumbers, type Tensor, typedView } from "../ir/tensor.js";
import { errors } from "./errors.js";

/**
 * A tensor of the reference evaluator: float64 elements in row-major order. Integers and booleans (0, 1) are exact. `dtype`
 * is the model's type; a "float" may hold numbers that no float32 could hold.
 */
export interface ReferenceTensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: Float64Array;
}

const UNREADABLE: ReadonlySet<DType> = new Set<DType>(["undefined", "string", "complex64", "complex128"]);

/** From this magnitude on float64 rounds to 2^63. Exporters write INT64_MAX or a neighbour for "to the end". */
const TO_THE_END = 2n ** 63n - 512n;

/**
 * Raw little-endian elements (as in raw_data) as a reference tensor, each exactly the number that is stored. Throws
 * NormfoldError "unsupported" for strings, complex numbers and 64-bit integers beyond 2^53; only the largest and
 * smallest int64 (and neighbours), which models use for "to the end", pass as 2^63 and -2^63.
 */
export function referenceFromBytes(
  dtype: DType,
  dims: readonly number[],
  bytes: Uint8Array,
): ReferenceTensor {
  if (UNREADABLE.has(dtype)) throw errors.typeHasNoReference(dtype);
  if (dtype === "int64" || dtype === "uint64") requireExact(dtype, bytes);
  return { dtype, dims, data: decodeNumbers(dtype, bytes, sizeOf(dims)) };
}

function requireExact(dtype: "int64" | "uint64", bytes: Uint8Array): void {
  const view = typedView(dtype, bytes);
  if (!(view instanceof BigInt64Array || view instanceof BigUint64Array)) return;
  for (const value of view) {
    const magnitude = value < 0n ? -value : value;
    if (magnitude > 2n ** 53n && (dtype === "uint64" || magnitude < TO_THE_END))
      throw errors.integerIsBeyondFloat64(value);
  }
}

/** The elements of a stored constant; throws as referenceFromBytes does, and the stored error for missing data. */
export function referenceFromTensor(tensor: Tensor): ReferenceTensor {
  if (tensor.data.kind === "strings") throw errors.typeHasNoReference("string");
  return referenceFromBytes(tensor.dtype, tensor.dims, tensor.bytes());
}

/** A tensor of these numbers as they are, without rounding to `dtype`. Their count must fit the dims. */
export function referenceTensor(
  dtype: DType,
  dims: readonly number[],
  data: Float64Array | readonly number[],
): ReferenceTensor {
  return { dtype, dims, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}

/** 1 GiB. No comparison needs a larger tensor, and an array that does not fit into memory ends the whole process. */
const MAX_ELEMENTS = 2 ** 27;

/** Zeros. Throws "unsupported" instead of running out of memory. */
export function allocate(size: number): Float64Array {
  if (!(Number.isInteger(size) && size >= 0 && size <= MAX_ELEMENTS)) throw errors.tensorIsTooLarge(size);
  return new Float64Array(size);
}

/** The number of elements. */
export function sizeOf(dims: readonly number[]): number {
  return product(dims);
}

/** Row-major strides in elements. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length).fill(1);
  for (let axis = dims.length - 2; axis >= 0; axis--)
    strides[axis] = (strides[axis + 1] ?? 1) * (dims[axis + 1] ?? 1);
  return strides;
}

/** An axis that may count from the end; throws "invalid" when it is outside the rank. */
export function axisOf(axis: number, rank: number): number {
  const index = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(index) || index < 0 || index >= Math.max(rank, 1))
    throw errors.axisIsOutsideTensor(axis, rank);
  return index;
}

/** The dims that both broadcast to; throws "invalid" when they do not fit. */
export function broadcastDims(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw errors.dimsDoNotBroadcast(a, b);
    return x === 1 ? y : x;
  });
}

/** Strides of a tensor of `from` dims seen as one of `to` dims: 0 where it is repeated. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = stridesOf(from);
  return to.map((size, axis) => {
    const own = axis - to.length + from.length;
    const dim = from[own] ?? 1;
    if (dim !== size && dim !== 1) throw errors.dimsDoNotExpand(from, to);
    return own < 0 || dim === 1 ? 0 : (strides[own] ?? 0);
  });
}

/**
 * Visits the innermost rows of a box of `dims` in row-major order. `row` gets the index of the row's first element in
 * the box, and its offset in a tensor with the given strides; a rank of 0 is one row of one element.
 */
export function forEachRow(
  dims: readonly number[],
  strides: readonly number[],
  row: (start: number, offset: number) => void,
): void {
  if (dims.includes(0)) return;
  const outer = Math.max(dims.length - 1, 0);
  const length = dims[outer] ?? 1;
  const index = new Array<number>(outer).fill(0);
  let offset = 0;
  for (let start = 0; ; start += length) {
    row(start, offset);
    let axis = outer - 1;
    for (; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      const stride = strides[axis] ?? 0;
      if (next < (dims[axis] ?? 1)) {
        index[axis] = next;
        offset += stride;
        break;
      }
      index[axis] = 0;
      offset -= stride * (next - 1);
    }
    if (axis < 0) return;
  }
}

/** The elements of a strided view as a row-major array, as Transpose, Slice and Expand need them. */
export function gatherStrided(
  source: Float64Array,
  dims: readonly number[],
  strides: readonly number[],
  base = 0,
): Float64Array {
  const out = allocate(sizeOf(dims));
  const length = dims.at(-1) ?? 1;
  const step = strides.at(-1) ?? 0;
  forEachRow(dims, strides, (start, offset) => {
    let at = base + offset;
    if (step === 1) {
      out.set(source.subarray(at, at + length), start);
      return;
    }
    for (let i = 0; i < length; i++, at += step) out[start + i] = source[at] ?? 0;
  });
  return out;
}

/** The tensor with its axes in another order, as Transpose gives it. */
export function transpose(tensor: ReferenceTensor, permutation: readonly number[]): ReferenceTensor {
  if (permutation.every((axis, index) => axis === index)) return tensor;
  const strides = stridesOf(tensor.dims);
  const dims = permutation.map((axis) => tensor.dims[axis] ?? 1);
  const moved = permutation.map((axis) => strides[axis] ?? 0);
  return referenceTensor(tensor.dtype, dims, gatherStrided(tensor.data, dims, moved));
}

/** The tensor repeated to `dims`; itself when it has them already. */
export function expand(tensor: ReferenceTensor, dims: readonly number[]): ReferenceTensor {
  if (sameDims(tensor.dims, dims)) return tensor;
  return referenceTensor(
    tensor.dtype,
    dims,
    gatherStrided(tensor.data, dims, broadcastStrides(tensor.dims, dims)),
  );
}

/** The same elements under other dims; throws "invalid" when the sizes differ. */
export function reshape(tensor: ReferenceTensor, dims: readonly number[]): ReferenceTensor {
  if (sizeOf(dims) !== tensor.data.length) throw errors.dimsDoNotReshape(tensor.dims, dims);
  return { ...tensor, dims };
}

/** True when the dims are the same. */
function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** Sizes around an axis: `outer` blocks of `size` slices of `inner` elements. */
export interface AxisSplit {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

/** The sizes around an axis. */
export function splitAt(dims: readonly number[], axis: number): AxisSplit {
  return {
    outer: sizeOf(dims.slice(0, axis)),
    size: dims[axis] ?? 1,
    inner: sizeOf(dims.slice(axis + 1)),
  };
}

const INTEGER = /^u?int\d+$/;

/** True for signed and unsigned integers. */
export function isInteger(dtype: DType): boolean {
  return INTEGER.test(dtype);
}

/**
 * A whole number as `dtype` holds it: narrow integers wrap around as in two's complement. Throws "unsupported" for a
 * 64-bit result beyond 2^53.
 */
export function wrapInteger(dtype: DType, value: number): number {
  switch (dtype) {
    case "int32":
      return value | 0;
    case "uint32":
      return value >>> 0;
    case "int64":
    case "uint64":
      if (Number.isSafeInteger(value)) return value;
      throw errors.integerIsBeyondFloat64(value);
    default: {
      const bits = Number(/\d+$/.exec(dtype)?.[0] ?? 32);
      const low = value & (2 ** bits - 1);
      return dtype.startsWith("int") && low >= 2 ** (bits - 1) ? low - 2 ** bits : low;
    }
  }
}
