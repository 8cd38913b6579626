import { present } from "../base/assert.js";
import type { ByteSource } from "../base/bytes.js";
import { bitsOf, type DType, type FloatDType, isFloat, largestOf } from "../ir/dtype.js";
import { decodeNumbers, encodeNumbers, Tensor, tensorFromNumbers, typedView } from "../ir/tensor.js";
import { boundDepth } from "./derived-tensor.js";
import { transposedFrom, transposeMatrix } from "./transpose-matrix.js";

/** A factor for each channel of an axis; `inner` is the number of elements between two steps of that axis. */
interface Scaling {
  readonly scale: Float64Array;
  readonly inner: number;
}

/** The source of each scaled tensor, so that scaling it again starts from the same bytes and still rounds once. */
const ORIGINS = new WeakMap<Tensor, { readonly tensor: Tensor; readonly scalings: readonly Scaling[] }>();

/**
 * The tensor with element i multiplied by scale[floor(i / inner) % scale.length]: a scale along any axis, where
 * `inner` is the number of elements between two steps of that axis. Products are made in float64 and rounded once. They are
 * made when the result's bytes are read, only as many as are read, so nothing is held.
 */
export function scaleTensor(tensor: Tensor, scale: Float64Array, inner: number): Tensor {
  const matrix = transposedFrom(tensor);
  if (matrix !== undefined) {
    const across = acrossTranspose(tensor, scale.length, inner);
    if (across !== undefined) return transposeMatrix(scaleTensor(matrix, scale, across));
  }
  const origin = ORIGINS.get(tensor) ?? { tensor, scalings: [] };
  const scalings = joined(origin.scalings, { scale, inner });
  const source = scaledSource(origin.tensor, scalings);
  const range = { source, offset: 0, length: source.size };
  const lazy = new Tensor(tensor.dtype, tensor.dims, { kind: "range", range });
  const scaled = boundDepth(lazy, [origin.tensor]);
  if (scaled === lazy) ORIGINS.set(scaled, { tensor: origin.tensor, scalings });
  return scaled;
}

/** `inner` of the same scale in the transpose of a matrix; undefined where it runs along neither axis. */
function acrossTranspose({ dims }: Tensor, channels: number, inner: number): number | undefined {
  const [rows, columns] = dims;
  if (channels === 1) return 1;
  if (inner === columns && channels === rows) return 1;
  return inner === 1 && channels === columns ? rows : undefined;
}

/** The scalings with one more, which is multiplied into the one along the same axis if there is one. */
function joined(scalings: readonly Scaling[], more: Scaling): readonly Scaling[] {
  const at = scalings.findIndex(
    ({ scale, inner }) => inner === more.inner && scale.length === more.scale.length,
  );
  const same = scalings[at];
  if (same === undefined) return [...scalings, more];
  const scale = same.scale.map((factor, channel) => factor * (more.scale[channel] ?? NaN));
  return scalings.with(at, { scale, inner: more.inner });
}

function scaledSource(tensor: Tensor, scalings: readonly Scaling[]): ByteSource {
  const { dtype } = tensor;
  const width = bitsOf(dtype) / 8;
  const fill = (target: Uint8Array, offset: number): void => {
    tensor.readInto(target, offset);
    multiply(dtype, target, scalings, offset / width);
  };
  const read = (offset: number, length: number): Uint8Array => {
    const before = offset % width;
    const whole = new Uint8Array(Math.ceil((before + length) / width) * width);
    fill(whole, offset - before);
    return whole.subarray(before, before + length);
  };
  return {
    size: tensor.byteLength,
    read,
    readInto: (target, offset) => {
      const aligned = (offset | target.length | target.byteOffset) % width === 0;
      if (aligned) fill(target, offset);
      else target.set(read(offset, target.length));
    },
  };
}

/** Scales the elements in `bytes`, the first of which is element `first` of the tensor. */
function multiply(dtype: DType, bytes: Uint8Array, scalings: readonly Scaling[], first: number): void {
  const view = typedView(dtype, bytes);
  const [only, ...more] = scalings;
  // A single product is rounded where it lies. Several are made in float64 and rounded after the last.
  if (only && more.length === 0 && (view instanceof Float32Array || view instanceof Float64Array)) {
    scaleInPlace(view, only, first);
    return;
  }
  const numbers = decodeNumbers(dtype, bytes, (bytes.length * 8) / bitsOf(dtype));
  for (const scaling of scalings) scaleInPlace(numbers, scaling, first);
  bytes.set(encodeNumbers(dtype, numbers));
}

function scaleInPlace(values: Float32Array | Float64Array, { scale, inner }: Scaling, first: number): void {
  const channels = scale.length;
  let channel = Math.floor(first / inner) % channels;
  if (inner === 1) {
    for (let i = 0; i < values.length; i++) {
      values[i] = (values[i] ?? NaN) * (scale[channel] ?? NaN);
      channel = channel + 1 === channels ? 0 : channel + 1;
    }
    return;
  }
  let end = Math.min(inner - (first % inner), values.length);
  for (let i = 0; i < values.length; end = Math.min(end + inner, values.length)) {
    const factor = scale[channel] ?? NaN;
    for (; i < end; i++) values[i] = (values[i] ?? NaN) * factor;
    channel = channel + 1 === channels ? 0 : channel + 1;
  }
}

/** Scales up to this keep the weights of networks in the range of float32, bfloat16 and float64. */
const HARMLESS_SCALE = 2 ** 32;

/** Below this float16 is subnormal: it holds multiples of 2^-24, with fewer than 11 significant bits. */
const SMALLEST_NORMAL_HALF = 2 ** -14;

/**
 * Whether scaling would leave the type's range: an element rounds to infinity, or all elements of a float16 tensor become
 * subnormal, where the type has hardly any digits. Reads the elements only where that could happen: always for float16, for
 * wider types only under an extreme scale.
 */
export function scaleOverflows(tensor: Tensor, scale: Float64Array, inner: number): boolean {
  const { dtype } = tensor;
  if (!isFloat(dtype)) return true;
  if (isHarmless(dtype, scale)) return false;
  const numbers = tensor.toFloat64();
  let [before, after] = [0, 0];
  numbers.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    const factor = present(scale[Math.floor(i / inner) % scale.length], "a scale per channel");
    before = Math.max(before, Math.abs(value));
    after = Math.max(after, Math.abs(value * factor));
  });
  const sinks = dtype === "float16" && after > 0 && after < Math.min(before, SMALLEST_NORMAL_HALF);
  return after > largestOf(dtype) || sinks;
}

/** Whether products with these factors stay in range for all weights of networks. */
function isHarmless(dtype: FloatDType, factors: Float64Array): boolean {
  return dtype !== "float16" && factors.every((factor) => Math.abs(factor) <= HARMLESS_SCALE);
}

/**
 * A tensor of sums of weights times `factors`. The sums are computed when its bytes are first read, and then held, because the
 * search makes many such tensors and keeps few. Where they could leave the type's range, they are computed at once, and the
 * result is undefined if they do. `addend` is the tensor that the sums are added to.
 */
export function sumsTensor(
  dtype: FloatDType,
  dims: readonly number[],
  factors: Float64Array,
  sums: () => Float64Array,
  addend?: Tensor,
): Tensor | undefined {
  if (!isHarmless(dtype, factors)) {
    const values = sums();
    return fitsRange(dtype, values) ? tensorFromNumbers(dtype, dims, values) : undefined;
  }
  let bytes: Uint8Array | undefined;
  const compute = (): Uint8Array => {
    bytes ??= encodeNumbers(dtype, sums());
    return bytes;
  };
  return boundDepth(new Tensor(dtype, dims, { kind: "computed", compute }), [addend]);
}

/** Whether every number can be held by the type without becoming infinite. */
export function fitsRange(dtype: FloatDType, values: Float64Array): boolean {
  const limit = largestOf(dtype);
  return values.every((value) => Math.abs(value) <= limit);
}
