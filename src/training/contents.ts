import type { Refusal } from "../base/refusal.js";
import { type Tensor, typedView } from "../ir/tensor.js";
import { refusals } from "./refusals.js";

/** What the numbers of a floating-point constant say against training it; undefined where they say nothing. Each is found out when asked for. */
export class Contents {
  readonly #tensor: Tensor;
  #numbers: Float64Array | undefined;

  constructor(tensor: Tensor) {
    this.#tensor = tensor;
  }

  get nonFinite(): Refusal | undefined {
    const { dtype } = this.#tensor;
    // Weights are large, and are not copied for this.
    const numbers = typedView(dtype, this.#tensor.bytes()) ?? this.#all;
    const isSound =
      numbers instanceof BigInt64Array || numbers instanceof BigUint64Array || areFinite(numbers);
    return isSound ? undefined : refusals.holdsNonFinite();
  }

  /** True where all are zero. */
  get isZero(): boolean {
    return this.#all.every((number) => number === 0);
  }

  /** All are whole numbers. */
  get wholeNumbers(): Refusal | undefined {
    return this.#all.every(Number.isInteger) ? refusals.holdsWholeNumbers() : undefined;
  }

  /** Some are zeros, and all others are ones. */
  get zerosAndOnes(): Refusal | undefined {
    return this.#isBinary ? refusals.holdsZerosAndOnes() : undefined;
  }

  /** Each row along the last axis has a single one, and else zeros. */
  get oneHot(): Refusal | undefined {
    const width = this.#tensor.dims.at(-1) ?? 1;
    const isOneHot = width > 1 && this.#isBinary && rowsHaveOne(this.#all, width);
    return isOneHot ? refusals.holdsOneHotRows() : undefined;
  }

  /** Sines and cosines of positions, or positions that are evenly spaced. */
  get position(): Refusal | undefined {
    return positionIn(this.#all, this.#tensor.dims);
  }

  get #all(): Float64Array {
    this.#numbers ??= this.#tensor.toFloat64();
    return this.#numbers;
  }

  get #isBinary(): boolean {
    const numbers = this.#all;
    return (
      numbers.every((number) => number === 0 || number === 1) && numbers.includes(0) && numbers.includes(1)
    );
  }
}

function areFinite(numbers: ArrayLike<number>): boolean {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return false;
  return true;
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
