import { present } from "../base/assert.js";
import { type FloatDType, isFloat } from "../ir/dtype.js";
import { decodeNumbers, encodeNumbers, Tensor, typedView } from "../ir/tensor.js";

/**
 * The tensor with element i multiplied by scale[floor(i / inner) % scale.length]: a scale along any axis, where
 * `inner` is the number of elements between two steps of that axis. Products are made in float64 and rounded once. The
 * elements are computed when the result is written, from where the tensor's own elements are, so nothing is held.
 */
export function scaleTensor(tensor: Tensor, scale: Float64Array, inner: number): Tensor {
  return new Tensor(tensor.dtype, tensor.dims, {
    kind: "computed",
    compute: () => scaledBytes(tensor, scale, inner),
  });
}

function scaledBytes(tensor: Tensor, scale: Float64Array, inner: number): Uint8Array {
  const bytes = tensor.bytes();
  const from = typedView(tensor.dtype, bytes);
  if (from instanceof Float32Array || from instanceof Float64Array) {
    const to = from instanceof Float32Array ? new Float32Array(from.length) : new Float64Array(from.length);
    multiply(from, to, scale, inner);
    return new Uint8Array(to.buffer);
  }
  const numbers = decodeNumbers(tensor.dtype, bytes, tensor.size);
  multiply(numbers, numbers, scale, inner);
  return encodeNumbers(tensor.dtype, numbers);
}

type Floats = Float32Array | Float64Array;

function multiply(from: Floats, to: Floats, scale: Float64Array, inner: number): void {
  const channels = scale.length;
  if (inner === 1) {
    for (let base = 0; base < from.length; base += channels) {
      for (let c = 0; c < channels; c++) to[base + c] = (from[base + c] ?? 0) * (scale[c] ?? 0);
    }
    return;
  }
  let i = 0;
  for (let row = 0; i < from.length; row++) {
    const factor = scale[row % channels] ?? 0;
    for (const end = Math.min(i + inner, from.length); i < end; i++) to[i] = (from[i] ?? 0) * factor;
  }
}

const LARGEST: Readonly<Record<FloatDType, number>> = {
  float: 2 ** 127 * (2 - 2 ** -23),
  double: Number.MAX_VALUE,
  float16: 65504,
  bfloat16: 2 ** 127 * (2 - 2 ** -7),
};

/** Scales up to this keep every float32, bfloat16 or float64 weight that a network can compute with in range. */
const HARMLESS_SCALE = 2 ** 32;

/**
 * Whether scaling would push an element out of the type's range, which rounds it to infinity. Reads the elements only
 * where it could happen: always for float16, for the wide types only under an extreme scale.
 */
export function scaleOverflows(tensor: Tensor, scale: Float64Array, inner: number): boolean {
  if (!isFloat(tensor.dtype)) return true;
  const largestScale = scale.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  if (tensor.dtype !== "float16" && largestScale <= HARMLESS_SCALE) return false;
  if (largestScale <= 1) return false;
  const limit = LARGEST[tensor.dtype];
  const numbers = tensor.toFloat64();
  return numbers.some((value, i) => {
    const factor = present(scale[Math.floor(i / inner) % scale.length], "a scale per channel");
    return Number.isFinite(value) && Math.abs(value * factor) > limit;
  });
}

/** Whether every number can be held by the type without becoming infinite. */
export function fitsRange(dtype: FloatDType, values: Float64Array): boolean {
  const limit = LARGEST[dtype];
  return values.every((value) => Math.abs(value) <= limit);
}
