/** ONNX element types by the names of its textual syntax, in the order of TensorProto.DataType. */
export const DTYPES = [
  "undefined",
  "float",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "double",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
  "uint4",
  "int4",
  "float4e2m1",
  "float8e8m0",
  "uint2",
  "int2",
  "float6e2m3",
  "float6e3m2",
] as const;

/** An element type, by the name that ONNX's textual syntax has for it: float is float32, double float64. */
export type DType = (typeof DTYPES)[number];

/** The element types an affine map may be folded into: they hold fractions and onnxruntime computes with them. */
export type FloatDType = "float" | "double" | "float16" | "bfloat16";

const BITS: Readonly<Record<DType, number>> = {
  undefined: 0,
  float: 32,
  uint8: 8,
  int8: 8,
  uint16: 16,
  int16: 16,
  int32: 32,
  int64: 64,
  string: 0,
  bool: 8,
  float16: 16,
  double: 64,
  uint32: 32,
  uint64: 64,
  complex64: 64,
  complex128: 128,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  uint4: 4,
  int4: 4,
  float4e2m1: 4,
  float8e8m0: 8,
  uint2: 2,
  int2: 2,
  float6e2m3: 6,
  float6e3m2: 6,
};

/** Bits per element; 0 for strings and "undefined", whose size is not fixed. */
export function bitsOf(dtype: DType): number {
  return BITS[dtype];
}

/** Bytes that `count` elements take in raw_data: 6-, 4- and 2-bit types are packed, the last byte padded. */
export function byteLengthOf(dtype: DType, count: number): number {
  return Math.ceil((count * BITS[dtype]) / 8);
}

/** The TensorProto.DataType code of an element type. */
export function dtypeCode(dtype: DType): number {
  return DTYPES.indexOf(dtype);
}

/** The dtype of a TensorProto.DataType code, or undefined for a code newer than this version knows. */
export function dtypeFromCode(code: number): DType | undefined {
  return DTYPES[code];
}

/** True for the float types that networks compute with; the 8- and 4-bit ones only store numbers. */
export function isFloat(dtype: DType): dtype is FloatDType {
  return dtype === "float" || dtype === "double" || dtype === "float16" || dtype === "bfloat16";
}

const UNIT: Readonly<Record<FloatDType, number>> = {
  double: 2 ** -52,
  float: 2 ** -23,
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
};

/** One unit in the last place of 1: the distance to the next larger number. A rounding is half of it off at most. */
export function unitOf(dtype: FloatDType): number {
  return UNIT[dtype];
}

const LARGEST: Readonly<Record<FloatDType, number>> = {
  float: 2 ** 127 * (2 - 2 ** -23),
  double: Number.MAX_VALUE,
  float16: 65504,
  bfloat16: 2 ** 127 * (2 - 2 ** -7),
};

/** The largest finite number of the type. */
export function largestOf(dtype: FloatDType): number {
  return LARGEST[dtype];
}

/** The least and the largest number of the integer types of 8 to 32 bits, all of whose numbers a double holds. */
export const INTEGER_RANGES: Partial<Readonly<Record<DType, readonly [least: number, largest: number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
};
