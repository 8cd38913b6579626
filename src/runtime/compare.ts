import { alignedBytes, equalBytes } from "../base/bytes.js";
import { FLOAT16 } from "../base/float-format.js";
import { type DType, isFloat } from "../ir/dtype.js";
import { decodeNumbers, typedView } from "../ir/tensor.js";
import { type RuntimeTensor, tensorSize } from "./runtime.js";

/**
 * How two tensors differ. Every figure is finite, so that it survives JSON. Tensors whose type or shape differ
 * are not compared, and have the figures of empty tensors.
 */
export interface Comparison {
  /** The type of the first tensor. */
  readonly dtype: DType;
  /** The sizes of the first tensor. */
  readonly dims: readonly number[];
  /** Why the two cannot be compared: `float[2,3] became float[2,4]`. */
  readonly mismatch: string | undefined;
  /** Number of elements. */
  readonly size: number;
  /** Elements that are not the same; NaN is the same as NaN, and -0 as 0. */
  readonly differing: number;
  /** Elements that are NaN or infinite in one tensor and something else in the other. */
  readonly nonFinite: number;
  /** Largest |a - b| over the elements that are finite in both. 0 for strings. */
  readonly maxAbsolute: number;
  /** Largest |a - b| / max(|a|, |b|). */
  readonly maxRelative: number;
  /** Largest distance in units in the last place of the type; 0 for other than floating-point types. */
  readonly maxUlp: number;
  /** Largest finite |a|. */
  readonly scale: number;
  /** Cosine of the angle between the two as vectors; 1 where both are zero. */
  readonly cosine: number;
  /** For a float [N, classes] tensor, the share of rows whose largest element is at the same place. */
  readonly topAgreement: number | undefined;
}

export function compareTensors(a: RuntimeTensor, b: RuntimeTensor): Comparison {
  const mismatch = mismatchOf(a, b);
  const base = { dtype: a.dtype, dims: a.dims, size: tensorSize(a.dims), mismatch };
  if (mismatch !== undefined) return { ...NOTHING, ...base };
  if (!(a.data instanceof Uint8Array) || !(b.data instanceof Uint8Array)) {
    const [left, right] = [a.data, b.data];
    let differing = 0;
    for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) differing++;
    return { ...NOTHING, ...base, differing };
  }
  return { ...NOTHING, ...base, ...compareNumbers(a.dtype, a.dims, a.data, b.data) };
}

const NOTHING = {
  differing: 0,
  nonFinite: 0,
  maxAbsolute: 0,
  maxRelative: 0,
  maxUlp: 0,
  scale: 0,
  cosine: 1,
  topAgreement: undefined,
};

function mismatchOf(a: RuntimeTensor, b: RuntimeTensor): string | undefined {
  const same =
    a.dtype === b.dtype && a.dims.length === b.dims.length && a.dims.every((d, i) => d === b.dims[i]);
  return same ? undefined : `${a.dtype}[${a.dims}] became ${b.dtype}[${b.dims}]`;
}

/**
 * How many elements are not the same, or differ by more than `absolute + relative |a|`. Equal infinities do not differ, although
 * their difference is NaN; else what is not finite differs from everything.
 */
export function countBeyond(a: RuntimeTensor, b: RuntimeTensor, absolute: number, relative = 0): number {
  let count = 0;
  if (!(a.data instanceof Uint8Array) || !(b.data instanceof Uint8Array)) {
    for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) count++;
    return count;
  }
  const [left, right] = [numbersOf(a.dtype, a.data, a.dims), numbersOf(b.dtype, b.data, b.dims)];
  // 64-bit integers that differ may be equal as float64.
  const isWide = a.dtype === "int64" || a.dtype === "uint64";
  const [exactA, exactB] = isWide ? [typedView(a.dtype, a.data), typedView(b.dtype, b.data)] : [];
  for (let i = 0; i < left.length; i++) {
    const [x, y, p, q] = [left[i] ?? 0, right[i] ?? 0, exactA?.[i], exactB?.[i]];
    const isWhole = typeof p === "bigint" && typeof q === "bigint";
    if (isWhole ? p === q : x === y || Object.is(x, y)) continue;
    // An infinite bound would cover all.
    const bothFinite = Number.isFinite(x) && Number.isFinite(y);
    const distance = isWhole ? Number(p - q) : x - y;
    if (!bothFinite || !(Math.abs(distance) <= absolute + relative * Math.abs(x))) count++;
  }
  return count;
}

/** True when a float tensor has a NaN or an infinity. */
export function hasNonFinite(tensor: RuntimeTensor): boolean {
  const { dtype, data, dims } = tensor;
  if (!isFloat(dtype) || !(data instanceof Uint8Array)) return false;
  const values = numbersOf(dtype, data, dims);
  if (values instanceof Float32Array && Number.isFinite(sumOf(values))) return false;
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return true;
  return false;
}

/**
 * Not finite if an element is not. Every batch of data is checked, and four sums at once take half the time of single
 * tests.
 */
function sumOf(values: Float32Array): number {
  const whole = values.length - (values.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += values[i] ?? 0;
    b += values[i + 1] ?? 0;
    c += values[i + 2] ?? 0;
    d += values[i + 3] ?? 0;
  }
  for (let i = whole; i < values.length; i++) a += values[i] ?? 0;
  return a + b + c + d;
}

/** The elements as numbers, in place where that is possible. */
export function numbersOf(dtype: DType, bytes: Uint8Array, dims: readonly number[]): ArrayLike<number> {
  const view = typedView(dtype, bytes);
  if (view === undefined || view instanceof BigInt64Array || view instanceof BigUint64Array) {
    return decodeNumbers(dtype, bytes, tensorSize(dims));
  }
  return view;
}

type Figures = Omit<Comparison, "dtype" | "dims" | "size" | "mismatch">;

function compareNumbers(
  dtype: DType,
  dims: readonly number[],
  aBytes: Uint8Array,
  bBytes: Uint8Array,
): Figures {
  const a = numbersOf(dtype, aBytes, dims);
  if (equalBytes(aBytes, bBytes)) return figuresOfEqual(dtype, dims, a);
  const b = numbersOf(dtype, bBytes, dims);
  const ulpBetween = ulpMeter(dtype, aBytes, bBytes);
  const exactA = typedView(dtype, aBytes);
  const exactB = typedView(dtype, bBytes);
  let [differing, nonFinite, maxAbsolute, maxRelative, maxUlp, scale] = [0, 0, 0, 0, 0, 0];
  let [dot, normA, normB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      if (Object.is(x, y)) continue;
      differing++;
      nonFinite++;
      continue;
    }
    const magnitude = Math.abs(x);
    if (magnitude > scale) scale = magnitude;
    dot += x * y;
    normA += x * x;
    normB += y * y;
    // Different 64-bit integers beyond 2^53 may be equal as float64, so they are compared exactly.
    if (x === y && (magnitude < 2 ** 53 || exactA?.[i] === exactB?.[i])) continue;
    differing++;
    const absolute = Math.abs(x - y);
    if (absolute > maxAbsolute) maxAbsolute = absolute;
    const relative = absolute === 0 ? 0 : absolute / Math.max(magnitude, Math.abs(y));
    if (relative > maxRelative) maxRelative = relative;
    const ulp = ulpBetween?.(i, x, y) ?? 0;
    if (ulp > maxUlp) maxUlp = ulp;
  }
  const length = Math.sqrt(normA) * Math.sqrt(normB);
  const cosine = length > 0 && Number.isFinite(length) ? Math.min(1, dot / length) : normA === normB ? 1 : 0;
  const topAgreement = isFloat(dtype) ? agreement(a, b, dims) : undefined;
  return { differing, nonFinite, maxAbsolute, maxRelative, maxUlp, scale, cosine, topAgreement };
}

/** The figures of a tensor beside itself; a model without rounding has large outputs that are equal. */
function figuresOfEqual(dtype: DType, dims: readonly number[], values: ArrayLike<number>): Figures {
  let scale = 0;
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i] ?? 0);
    if (magnitude > scale && magnitude < Number.POSITIVE_INFINITY) scale = magnitude;
  }
  const topAgreement = isFloat(dtype) && hasClasses(dims) ? 1 : undefined;
  return { ...NOTHING, scale, topAgreement };
}

type UlpMeter = (index: number, x: number, y: number) => number;

/**
 * The number of representable values between two elements. For 16 and 32 bits the patterns, read as sign and
 * magnitude, count them; double has too many bits for a number, so there it is |x - y| in units of the larger one's
 * last place.
 */
function ulpMeter(dtype: DType, aBytes: Uint8Array, bBytes: Uint8Array): UlpMeter | undefined {
  if (dtype === "double") {
    return (_, x, y) => {
      const exponent = Math.floor(Math.log2(Math.max(Math.abs(x), Math.abs(y))));
      return Math.round(Math.abs(x - y) / 2 ** (Math.max(exponent, -1022) - 52));
    };
  }
  if (dtype !== "float" && dtype !== "float16" && dtype !== "bfloat16") return undefined;
  const [p, q] = dtype === "float" ? [words(aBytes), words(bBytes)] : [halves(aBytes), halves(bBytes)];
  const sign = dtype === "float" ? 2 ** 31 : 2 ** (FLOAT16.exponentBits + FLOAT16.mantissaBits);
  const ordered = (pattern: number): number => (pattern >= sign ? sign - pattern : pattern);
  return (index) => Math.abs(ordered(p[index] ?? 0) - ordered(q[index] ?? 0));
}

function words(bytes: Uint8Array): Uint32Array {
  const { buffer, byteOffset, byteLength } = alignedBytes(bytes, 4);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

function halves(bytes: Uint8Array): Uint16Array {
  const { buffer, byteOffset, byteLength } = alignedBytes(bytes, 2);
  return new Uint16Array(buffer, byteOffset, byteLength / 2);
}

/** The share of rows of [N, classes] in which b's largest element is where a's is, or ties with it in a. */
function agreement(a: ArrayLike<number>, b: ArrayLike<number>, dims: readonly number[]): number | undefined {
  const [rows = 0, classes = 0] = dims;
  if (!hasClasses(dims)) return undefined;
  let agreeing = 0;
  for (let row = 0; row < rows; row++) {
    const start = row * classes;
    const [top, other] = [argmax(a, start, classes), argmax(b, start, classes)];
    if (top === other || a[top] === a[other]) agreeing++;
  }
  return agreeing / rows;
}

/** Whether a tensor may be the scores of classes, a row a sample. */
function hasClasses([rows = 0, classes = 0, ...more]: readonly number[]): boolean {
  return rows > 0 && classes > 1 && more.length === 0;
}

function argmax(values: ArrayLike<number>, start: number, count: number): number {
  let best = start;
  for (let i = start + 1; i < start + count; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  return best;
}
