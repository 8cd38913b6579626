import { bitsOf, type DType, INTEGER_RANGES } from "../ir/dtype.js";

/** The significant bits of the float types, which integers of as many bits fit in, and the bits of their exponents. */
export const FLOATS: ReadonlyMap<DType, { readonly bits: number; readonly exponent: number }> = new Map([
  ["float16", { bits: 11, exponent: 5 }],
  ["float", { bits: 24, exponent: 8 }],
  ["double", { bits: 53, exponent: 11 }],
]);

/** True for integers of 8 to 64 bits. */
export const isWhole = (dtype: DType): boolean => /^u?int(8|16|32|64)$/.test(dtype);

/** Whether the type `to` holds every value of `from`. */
export function isLossless(from: DType, to: DType): boolean {
  if (from === to) return true;
  const [narrow, wide] = [FLOATS.get(from), FLOATS.get(to)];
  if (from === "bool") return isWhole(to) || wide !== undefined;
  if (narrow !== undefined)
    return wide !== undefined && narrow.bits <= wide.bits && narrow.exponent <= wide.exponent;
  if (!isWhole(from)) return false;
  const magnitude = bitsOf(from) - (from.startsWith("u") ? 0 : 1);
  if (wide !== undefined) return magnitude <= wide.bits;
  if (!isWhole(to) || (to.startsWith("u") && !from.startsWith("u"))) return false;
  return magnitude <= bitsOf(to) - (to.startsWith("u") ? 0 : 1);
}

/**
 * The number that a Cast to the type gives, before it is rounded to a float type; undefined where that depends on the machine
 * or a double does not hold it.
 */
export function castNumber(number: number, to: DType): number | undefined {
  if (FLOATS.has(to)) return number;
  if (to === "bool") return number === 0 ? 0 : 1;
  if (!isWhole(to)) return undefined;
  const whole = Math.trunc(number) + 0;
  const [least, largest] = INTEGER_RANGES[to] ?? [
    to === "uint64" ? 0 : Number.MIN_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
  ];
  return whole >= least && whole <= largest ? whole : undefined;
}
