import type { Refusal } from "../base/refusal.js";
import type { Tensor } from "../ir/tensor.js";
import { refusals } from "./refusals.js";

/** What the numbers of a constant say against training it; undefined where they say nothing. */
export interface Contents {
  /** True where all are zero. */
  readonly isZero: boolean;
  readonly nonFinite: Refusal | undefined;
  /** All are whole numbers. */
  readonly wholeNumbers: Refusal | undefined;
  /** Some are zeros, and all others are ones. */
  readonly zerosAndOnes: Refusal | undefined;
  /** Each row along the last axis has a single one, and else zeros. */
  readonly oneHot: Refusal | undefined;
  /** Sines and cosines of positions, or positions that are evenly spaced. */
  readonly position: Refusal | undefined;
}

/** Looks at the numbers of a floating-point constant. */
export function contentsOf(tensor: Tensor): Contents {
  const numbers = tensor.toFloat64();
  const { dims } = tensor;
  const areFinite = numbers.every(Number.isFinite);
  const zeros = numbers.reduce((count, number) => count + (number === 0 ? 1 : 0), 0);
  const ones = numbers.reduce((count, number) => count + (number === 1 ? 1 : 0), 0);
  const isBinary = zeros > 0 && ones > 0 && zeros + ones === numbers.length;
  const width = dims.at(-1) ?? 1;
  return {
    isZero: zeros === numbers.length,
    nonFinite: areFinite ? undefined : refusals.holdsNonFinite(),
    wholeNumbers: numbers.every(Number.isInteger) ? refusals.holdsWholeNumbers() : undefined,
    zerosAndOnes: isBinary ? refusals.holdsZerosAndOnes() : undefined,
    oneHot:
      isBinary && width > 1 && ones * width === numbers.length && rowsHaveOne(numbers, width)
        ? refusals.holdsOneHotRows()
        : undefined,
    position: areFinite ? positionIn(numbers, dims) : undefined,
  };
}

function rowsHaveOne(numbers: Float64Array, width: number): boolean {
  for (let at = 0; at < numbers.length; at += width)
    if (numbers.subarray(at, at + width).reduce((sum, number) => sum + number, 0) !== 1) return false;
  return true;
}

/** Far above the rounding of float16, far below what learned numbers would keep by chance. */
const CLOSE = 1e-2;

function positionIn(numbers: Float64Array, dims: readonly number[]): Refusal | undefined {
  // A vector is a row of channels, which says nothing of positions.
  if (dims.filter((size) => size !== 1).length < 2) return undefined;
  if (areSinesAndCosines(numbers, dims.at(-1) ?? 1)) return refusals.holdsSinesAndCosines();
  return dims.some((_, axis) => isEvenlySpaced(numbers, dims, axis)) ? refusals.holdsRamps() : undefined;
}

/** In each row, sines and cosines of the same angles: side by side, or in two halves. */
function areSinesAndCosines(numbers: Float64Array, width: number): boolean {
  if (width % 2 !== 0 || numbers.length < 4) return false;
  const half = width / 2;
  const isUnit = (first: number, second: number): boolean =>
    Math.abs(Math.hypot(numbers[first] ?? 0, numbers[second] ?? 0) - 1) < CLOSE;
  const holds = (partners: (pair: number) => readonly [number, number]): boolean => {
    for (let row = 0; row < numbers.length; row += width) {
      for (let pair = 0; pair < half; pair++) {
        const [first, second] = partners(pair);
        if (!isUnit(row + first, row + second)) return false;
      }
    }
    return true;
  };
  return holds((pair) => [2 * pair, 2 * pair + 1]) || holds((pair) => [pair, pair + half]);
}

/** True where the numbers rise or fall evenly along an axis of at least four, and not all are equal. */
function isEvenlySpaced(numbers: Float64Array, dims: readonly number[], axis: number): boolean {
  const size = dims[axis] ?? 1;
  if (size < 4) return false;
  const stride = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const largest = numbers.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
  let isConstant = true;
  for (let at = 0; at < numbers.length; at++) {
    const place = Math.floor(at / stride) % size;
    if (place === 0) continue;
    const step = (numbers[at] ?? 0) - (numbers[at - stride] ?? 0);
    if (Math.abs(step) > (CLOSE * largest) / size) isConstant = false;
    if (place === 1) continue;
    const before = (numbers[at - stride] ?? 0) - (numbers[at - 2 * stride] ?? 0);
    if (Math.abs(step - before) > (CLOSE * largest) / size) return false;
  }
  return !isConstant;
}
