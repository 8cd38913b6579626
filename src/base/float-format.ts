import { roundHalfEven } from "./integers.js";

/**
 * Small floating-point formats as bit patterns, rounded once from float64 (going through float32 would round twice).
 * Formats: IEEE binary16, bfloat16, and the OCP / "FNUZ" 8- and 4-bit formats of the ONNX specification.
 */
export interface FloatFormat {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  /** Largest finite magnitude. */
  readonly max: number;
  /** The result of an overflow that does not saturate, and the patterns of non-finite values. */
  readonly special: "ieee" | "nan-only" | "fnuz" | "finite";
}

export const FLOAT16: FloatFormat = {
  exponentBits: 5,
  mantissaBits: 10,
  bias: 15,
  max: 65504,
  special: "ieee",
};
export const BFLOAT16: FloatFormat = {
  exponentBits: 8,
  mantissaBits: 7,
  bias: 127,
  max: 2 ** 127 * (2 - 2 ** -7),
  special: "ieee",
};
export const FLOAT8E4M3FN: FloatFormat = {
  exponentBits: 4,
  mantissaBits: 3,
  bias: 7,
  max: 448,
  special: "nan-only",
};
export const FLOAT8E4M3FNUZ: FloatFormat = {
  exponentBits: 4,
  mantissaBits: 3,
  bias: 8,
  max: 240,
  special: "fnuz",
};
export const FLOAT8E5M2: FloatFormat = {
  exponentBits: 5,
  mantissaBits: 2,
  bias: 15,
  max: 57344,
  special: "ieee",
};
export const FLOAT8E5M2FNUZ: FloatFormat = {
  exponentBits: 5,
  mantissaBits: 2,
  bias: 16,
  max: 57344,
  special: "fnuz",
};
export const FLOAT4E2M1: FloatFormat = {
  exponentBits: 2,
  mantissaBits: 1,
  bias: 1,
  max: 6,
  special: "finite",
};

/** The value of a bit pattern in `format`. */
export function decodeFloat(format: FloatFormat, bits: number): number {
  const { exponentBits, mantissaBits, bias, special } = format;
  const sign = (bits >>> (exponentBits + mantissaBits)) & 1 ? -1 : 1;
  const exponent = (bits >>> mantissaBits) & (2 ** exponentBits - 1);
  const mantissa = bits & (2 ** mantissaBits - 1);
  const top = exponent === 2 ** exponentBits - 1;
  if (special === "ieee" && top) return mantissa === 0 ? sign * Infinity : NaN;
  if (special === "nan-only" && top && mantissa === 2 ** mantissaBits - 1) return NaN;
  if (special === "fnuz" && sign === -1 && exponent === 0 && mantissa === 0) return NaN;
  const value =
    exponent === 0
      ? mantissa * 2 ** (1 - bias - mantissaBits)
      : (1 + mantissa * 2 ** -mantissaBits) * 2 ** (exponent - bias);
  return sign * value;
}

const scratch = new DataView(new ArrayBuffer(8));

/** floor(log2 |x|) of a finite non-zero float64, exact. */
function exponentOf(x: number): number {
  scratch.setFloat64(0, x);
  const biased = (scratch.getUint16(0) >>> 4) & 0x7ff;
  return biased === 0 ? Math.floor(Math.log2(Math.abs(x))) : biased - 1023;
}

/**
 * The bit pattern nearest to `x`, ties to even. Overflow gives infinity where the format has one, else NaN or the
 * largest value.
 */
export function encodeFloat(format: FloatFormat, x: number): number {
  const { exponentBits, mantissaBits, bias, max, special } = format;
  const signBit = x < 0 || Object.is(x, -0) ? 2 ** (exponentBits + mantissaBits) : 0;
  const top = (2 ** exponentBits - 1) * 2 ** mantissaBits;
  const nan =
    special === "ieee"
      ? top + 2 ** (mantissaBits - 1)
      : special === "nan-only"
        ? top + 2 ** mantissaBits - 1
        : special === "fnuz"
          ? 2 ** (exponentBits + mantissaBits)
          : 0;
  if (Number.isNaN(x)) return nan;
  const magnitude = Math.abs(x);
  if (magnitude === 0) return special === "fnuz" ? 0 : signBit;
  if (magnitude !== Infinity) {
    const exponent = Math.max(exponentOf(magnitude), 1 - bias);
    const units = roundHalfEven(magnitude * 2 ** (mantissaBits - exponent));
    if (units * 2 ** (exponent - mantissaBits) <= max) {
      // `units` carries the hidden bit, so adding it to the exponent field also handles the carry into the next binade.
      const normal = units >= 2 ** mantissaBits;
      const field = normal ? (exponent + bias - 1) * 2 ** mantissaBits : 0;
      if (field + units === 0 && special === "fnuz") return 0;
      return signBit + field + units;
    }
  }
  if (special === "ieee") return signBit + top;
  if (special === "finite") return signBit + top + 2 ** mantissaBits - 1;
  return nan;
}

const float64 = new Float64Array(1);
const words = new Uint32Array(float64.buffer);
/** Which word of a float64 has its sign and exponent. */
const HIGH = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 1 : 0;
/** 2^52 added and taken away rounds to whole numbers, ties to even. */
const WHOLE = 2 ** 52;

/** The binary16 bit pattern nearest to `x`, as encodeFloat gives it, from the bits of the float64: tenfold as fast. */
export function encodeHalf(x: number): number {
  float64[0] = x;
  const high = words[HIGH] ?? 0;
  const low = words[1 - HIGH] ?? 0;
  const sign = (high >>> 16) & 0x8000;
  const exponent = ((high >>> 20) & 0x7ff) - 1023;
  // Below 2^-14 it has multiples of 2^-24; the largest of them rounds to the smallest normal number, whose pattern follows.
  if (exponent < -14) return sign + (Math.abs(x) * 2 ** 24 + WHOLE - WHOLE);
  if (exponent > 15) return Number.isNaN(x) ? 0x7e00 : sign + 0x7c00;
  const rest = high & 0x3ff;
  const kept = ((exponent + 15) << 10) + ((high >>> 10) & 0x3ff);
  const isAbove = rest > 0x200 || (rest === 0x200 && (low > 0 || (kept & 1) === 1));
  // A carry goes into the exponent, and from the largest number to infinity.
  return sign + kept + (isAbove ? 1 : 0);
}

let halfTable: Float32Array | undefined;

/** The value of a binary16 bit pattern, by table: weights are decoded a million at a time. */
export function decodeHalf(bits: number): number {
  if (halfTable === undefined) {
    halfTable = Float32Array.from({ length: 65536 }, (_, pattern) => decodeFloat(FLOAT16, pattern));
  }
  return halfTable[bits] ?? NaN;
}
