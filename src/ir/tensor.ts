import { invariant, present } from "../base/assert.js";
import { alignedBytes, type ByteRange, readInto, readRange } from "../base/bytes.js";
import type { NormfoldError } from "../base/errors.js";
import {
  BFLOAT16,
  decodeFloat,
  decodeHalf,
  encodeFloat,
  encodeHalf,
  FLOAT4E2M1,
  FLOAT8E4M3FN,
  FLOAT8E4M3FNUZ,
  FLOAT8E5M2,
  FLOAT8E5M2FNUZ,
  FLOAT16,
  type FloatFormat,
} from "../base/float-format.js";
import { product } from "../base/integers.js";
import { bitsOf, byteLengthOf, type DType } from "./dtype.js";
import { errors } from "./errors.js";

/** Where a tensor of an external file lives, as its external_data entries say; paths are relative to the model. */
export interface ExternalLocation {
  /** Path of the data file, relative to the model's folder. */
  readonly location: string;
  /** The first byte in the data file. */
  readonly offset: number;
  /** Number of bytes; undefined where the model does not say. */
  readonly length: number | undefined;
}

/**
 * The elements of a tensor, little-endian as in raw_data, not read until asked for.
 *
 *   range     a region of a file or array, copied to the output without ever being decoded
 *   computed  made whenever its bytes are wanted (a folded weight); large ones are not held but made again
 *   strings   one UTF-8 byte string per element
 *   missing   the external file is not there or not allowed. All but the elements is known; reading them throws.
 */
export type TensorData =
  | { readonly kind: "range"; readonly range: ByteRange; readonly external?: ExternalLocation }
  | { readonly kind: "computed"; readonly compute: () => Uint8Array }
  | { readonly kind: "strings"; readonly values: readonly Uint8Array[] }
  | { readonly kind: "missing"; readonly external: ExternalLocation; readonly error: NormfoldError };

/** The fields of a TensorProto besides type, sizes and elements. */
export interface TensorMeta {
  /** The name; an initializer is written under the name of its value. */
  readonly name?: string | undefined;
  /** Documentation for people. */
  readonly docString?: string | undefined;
  /** The whole TensorProto as it was read. It is written back verbatim while the name is the same. */
  readonly wire?: ByteRange | undefined;
}

/** An immutable constant: element type, sizes, elements. Sharing one between values is safe. */
export class Tensor {
  /** Element type. */
  readonly dtype: DType;
  /** Sizes of the dimensions; [] is a scalar. */
  readonly dims: readonly number[];
  /** The elements, or where they are. */
  readonly data: TensorData;
  /** Its name and documentation in the file. */
  readonly meta: TensorMeta;

  /** A tensor over `data` of the right size, which is not checked; tensorFromBytes and tensorFromNumbers check it. */
  constructor(dtype: DType, dims: readonly number[], data: TensorData, meta: TensorMeta = {}) {
    this.dtype = dtype;
    this.dims = dims;
    this.data = data;
    this.meta = meta;
  }

  /** Number of elements; 1 for a scalar. */
  get size(): number {
    return product(this.dims);
  }

  /** Bytes of the elements in raw_data form; for strings, of their characters. */
  get byteLength(): number {
    if (this.data.kind === "strings") return this.data.values.reduce((sum, value) => sum + value.length, 0);
    return byteLengthOf(this.dtype, this.size);
  }

  /** The elements in raw_data form. Throws "unsupported" for strings, and the stored error for missing data. */
  bytes(): Uint8Array {
    switch (this.data.kind) {
      case "range":
        return readRange(this.data.range);
      case "computed":
        return this.data.compute();
      case "missing":
        throw this.data.error;
      case "strings":
        throw errors.stringsHaveNoBytes();
    }
  }

  /** Fills `target` with the raw_data form from byte `offset` on. */
  readInto(target: Uint8Array, offset: number): void {
    if (this.data.kind === "range") readInto(this.data.range.source, target, this.data.range.offset + offset);
    else target.set(this.bytes().subarray(offset, offset + target.length));
  }

  /** The elements as float64. float16, bfloat16, float8 and float4 are decoded; int64 beyond 2^53 is rounded. */
  toFloat64(): Float64Array {
    return decodeNumbers(this.dtype, this.bytes(), this.size);
  }

  /** The elements as safe integers; throws "unsupported" for an int64 beyond 2^53, which no shape or axis reaches. */
  toIntegers(): number[] {
    const numbers = Array.from(this.toFloat64());
    const unsafe = numbers.find((value) => !Number.isSafeInteger(value));
    if (unsafe !== undefined) throw errors.integerIsNotSafe(unsafe);
    return numbers;
  }

  /** The only element of a one-element tensor of any rank. */
  toScalar(): number {
    invariant(this.size === 1, `a tensor of ${this.size} elements is not a scalar`);
    return present(this.toFloat64()[0], "a one-element tensor is empty");
  }

  /** The same elements under other dims (of the same size); shares the bytes. */
  reshaped(dims: readonly number[]): Tensor {
    const reshaped = new Tensor(this.dtype, dims, this.data);
    invariant(reshaped.size === this.size, `cannot view [${this.dims}] as [${dims}]`);
    return reshaped;
  }
}

/**
 * A tensor over little-endian bytes that are in memory. Throws "usage" for another number of bytes than dtype and
 * dims take.
 */
export function tensorFromBytes(
  dtype: DType,
  dims: readonly number[],
  bytes: Uint8Array,
  meta: TensorMeta = {},
): Tensor {
  const tensor = new Tensor(dtype, dims, { kind: "computed", compute: () => bytes }, meta);
  if (bytes.length !== tensor.byteLength) {
    throw errors.byteCountDiffers(dtype, dims, bytes.length, tensor.byteLength);
  }
  return tensor;
}

/**
 * A tensor from numbers, each rounded once to `dtype`. Throws "usage" for another number of them than dims take, and where an
 * integer type does not hold one as it is.
 */
export function tensorFromNumbers(dtype: DType, dims: readonly number[], values: ArrayLike<number>): Tensor {
  const size = product(dims);
  if (values.length !== size) throw errors.numberCountDiffers(dtype, dims, values.length, size);
  return tensorFromBytes(
    dtype,
    dims,
    INTEGERS.has(dtype) ? encodeIntegers(dtype, values) : encodeNumbers(dtype, values),
  );
}

/** An int64 tensor; numbers would lose integers beyond 2^53. */
export function tensorFromBigInts(dims: readonly number[], values: readonly bigint[]): Tensor {
  return tensorFromBytes("int64", dims, new Uint8Array(BigInt64Array.from(values).buffer));
}

const FORMATS: Partial<Record<DType, FloatFormat>> = {
  float16: FLOAT16,
  bfloat16: BFLOAT16,
  float8e4m3fn: FLOAT8E4M3FN,
  float8e4m3fnuz: FLOAT8E4M3FNUZ,
  float8e5m2: FLOAT8E5M2,
  float8e5m2fnuz: FLOAT8E5M2FNUZ,
  float4e2m1: FLOAT4E2M1,
};

const INTEGERS: ReadonlySet<DType> = new Set<DType>([
  ...(["int64", "int32", "int16", "int8", "int4", "int2"] as const),
  ...(["uint64", "uint32", "uint16", "uint8", "uint4", "uint2", "bool"] as const),
]);

/** Like encodeNumbers, but throws "usage" for numbers that the type does not hold exactly. */
function encodeIntegers(dtype: DType, values: ArrayLike<number>): Uint8Array {
  const fail = (value: number): never => {
    throw errors.numberOutsideType(value, dtype);
  };
  // Checked before they are encoded, because BigInt throws for a fraction.
  for (let i = 0; i < values.length; i++) if (!Number.isInteger(values[i])) fail(values[i] ?? NaN);
  const bytes = encodeNumbers(dtype, values);
  decodeNumbers(dtype, bytes, values.length).forEach((held, i) => {
    const value = values[i] ?? NaN;
    if (held !== value || (dtype === "bool" && held > 1)) fail(value);
  });
  return bytes;
}

const SIGNED_PACKED: ReadonlySet<DType> = new Set<DType>(["int4", "int2"]);

/** Decodes `count` raw_data elements to float64. */
export function decodeNumbers(dtype: DType, bytes: Uint8Array, count: number): Float64Array {
  const out = new Float64Array(count);
  const view = typedView(dtype, bytes);
  if (view instanceof BigInt64Array || view instanceof BigUint64Array) {
    for (let i = 0; i < count; i++) out[i] = Number(view[i]);
    return out;
  }
  if (view !== undefined) {
    out.fill(NaN, view.length);
    out.set(view.subarray(0, count));
    return out;
  }
  if (dtype === "float16") {
    const halves = new Uint16Array(alignedBytes(bytes, 2).buffer, alignedBytes(bytes, 2).byteOffset, count);
    for (let i = 0; i < count; i++) out[i] = decodeHalf(halves[i] ?? 0);
    return out;
  }
  const bits = bitsOf(dtype);
  const format = FORMATS[dtype];
  if (dtype !== "float8e8m0" && format === undefined && bits !== 4 && bits !== 2) {
    throw errors.dtypeIsNotNumeric(dtype);
  }
  for (let i = 0; i < count; i++) {
    const pattern = bitPattern(bytes, bits, i);
    if (format !== undefined) out[i] = decodeFloat(format, pattern);
    else if (dtype === "float8e8m0") out[i] = pattern === 255 ? NaN : 2 ** (pattern - 127);
    else out[i] = SIGNED_PACKED.has(dtype) && pattern >= 2 ** (bits - 1) ? pattern - 2 ** bits : pattern;
  }
  return out;
}

function bitPattern(bytes: Uint8Array, bits: number, index: number): number {
  if (bits === 16) return (bytes[2 * index] ?? 0) | ((bytes[2 * index + 1] ?? 0) << 8);
  const at = index * bits;
  return ((bytes[at >> 3] ?? 0) >> (at & 7)) & (2 ** bits - 1);
}

/** Encodes numbers as raw_data of `dtype`, each rounded once (ties to even); integers must fit. */
export function encodeNumbers(dtype: DType, values: ArrayLike<number>): Uint8Array {
  const count = values.length;
  const bytes = new Uint8Array(byteLengthOf(dtype, count));
  const view = typedView(dtype, bytes);
  if (view instanceof BigInt64Array || view instanceof BigUint64Array) {
    for (let i = 0; i < count; i++) view[i] = BigInt(values[i] ?? 0);
    return bytes;
  }
  if (view !== undefined) {
    for (let i = 0; i < count; i++) view[i] = values[i] ?? 0;
    return bytes;
  }
  if (dtype === "float16") {
    const halves = new Uint16Array(bytes.buffer);
    for (let i = 0; i < count; i++) halves[i] = encodeHalf(values[i] ?? 0);
    return bytes;
  }
  const bits = bitsOf(dtype);
  const format = FORMATS[dtype];
  if (format === undefined && bits !== 4 && bits !== 2) {
    throw errors.dtypeIsNotNumeric(dtype);
  }
  for (let i = 0; i < count; i++) {
    const value = values[i] ?? 0;
    const pattern = format === undefined ? value & (2 ** bits - 1) : encodeFloat(format, value);
    if (bits === 16) {
      bytes[2 * i] = pattern & 255;
      bytes[2 * i + 1] = pattern >> 8;
    } else {
      const at = i * bits;
      bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (pattern << (at & 7));
    }
  }
  return bytes;
}

/** A typed array that holds elements as raw_data does. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** The typed array over raw_data bytes for the dtypes that JavaScript has one for; copies only to align. */
export function typedView(dtype: DType, bytes: Uint8Array): NumericArray | undefined {
  const width = bitsOf(dtype) / 8;
  const aligned = width > 1 ? alignedBytes(bytes, width) : bytes;
  const { buffer, byteOffset } = aligned;
  const length = Math.floor(aligned.byteLength / Math.max(width, 1));
  switch (dtype) {
    case "float":
      return new Float32Array(buffer, byteOffset, length);
    case "double":
      return new Float64Array(buffer, byteOffset, length);
    case "uint8":
    case "bool":
      return aligned;
    case "int8":
      return new Int8Array(buffer, byteOffset, length);
    case "uint16":
      return new Uint16Array(buffer, byteOffset, length);
    case "int16":
      return new Int16Array(buffer, byteOffset, length);
    case "int32":
      return new Int32Array(buffer, byteOffset, length);
    case "uint32":
      return new Uint32Array(buffer, byteOffset, length);
    case "int64":
      return new BigInt64Array(buffer, byteOffset, length);
    case "uint64":
      return new BigUint64Array(buffer, byteOffset, length);
    default:
      return undefined;
  }
}
