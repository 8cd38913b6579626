import type { Numerics } from "../base/numerics.js";
import { createRandom } from "../base/random.js";
import { type DType, type FloatDType, isFloat } from "../ir/dtype.js";
import { decodeNumbers, encodeNumbers } from "../ir/tensor.js";
import { type Comparison, compareTensors, countBeyond } from "./compare.js";
import { type RuntimeTensor, type TensorMap, tensorSize } from "./runtime.js";

/** How far an output may move, and why that far. */
export interface Tolerance {
  /** Largest |a - b| of an element, in units of the output's largest magnitude. */
  readonly relative: number;
  /** The same in the output's own units. */
  readonly absolute: number;
  /** The share of elements that may move further, because rounding alone moves as many in the original. */
  readonly outliers: number;
  readonly why: string;
}

export interface Judgement {
  /** unjudged: rounding, or chance, changes the output of the original just as much. */
  readonly verdict: "equal" | "differs" | "unjudged";
  readonly reason: string | undefined;
  readonly tolerance: Tolerance;
}

/** How rounding of the inputs moves one output of the original model. */
export interface Noise {
  /** Largest movement in units of the output's largest magnitude. */
  readonly movement: number;
  /** The outputs of the clean and of the perturbed run, to count how many elements move far. */
  readonly pairs: readonly (readonly [RuntimeTensor, RuntimeTensor])[];
  /** The shape itself, or which elements are finite, depends on the rounding. */
  readonly unstable: boolean;
}

const PRECISION: Readonly<Record<FloatDType, number>> = {
  double: 2 ** -53,
  float: 2 ** -24,
  float16: 2 ** -11,
  bfloat16: 2 ** -8,
};

/**
 * Inputs are perturbed by up to this many units of rounding: a fold rounds every weight anew, each layer adds its own,
 * and one unit of the input alone would vanish in the first rounding that follows.
 */
const NOISE_UNITS = 8;
/** The measured movement is a sample of rounding, not its worst case. */
const NOISE_FACTOR = 4;

interface Limits {
  readonly base: number;
  readonly cap: number;
}

/** By the coarsest type of the computation: what a clean fold stays under, and what nothing excuses. */
const LIMITS: Readonly<Record<FloatDType, Limits>> = {
  double: { base: 1e-10, cap: 1e-4 },
  float: { base: 1e-5, cap: 1e-2 },
  float16: { base: 4e-3, cap: 3e-2 },
  bfloat16: { base: 3e-2, cap: 1e-1 },
};

/** What "approximate" adds to the limits of rounding. */
const APPROXIMATION = 1e-2;
const MAX_OUTLIERS = 0.05;
const UNSTABLE = "rounding of the input alone changes its shape, or which elements are finite";

/**
 * Judges one output.
 *
 *   exact        the same elements (NaN as NaN, -0 as 0)
 *   rounding     |a - b| <= t * max|a|, t = max(base, 4 * movement), at most the cap. `base` is about 170 roundings of
 *                the model's precision; `movement` is how far the original's own output moves when its inputs are
 *                perturbed by 8 roundings, which is large where it cancels (variance 1e-7 behind a mean of 100).
 *                Where that moves single elements past t (a quantizer or an argmax flips), up to 4 times as many of the
 *                result's may be past it, at most 5 percent. Integers, booleans and strings: the same with t = 0.
 *   approximate  rounding with 1e-2 added to the base and the cap
 *
 * A NaN or infinity that only one of the two has, another type or another shape is never rounding; where the
 * perturbation alone causes as much (the number of boxes found), the output is not judged. `noise` is asked only when the base does not settle it: it costs a run.
 */
export async function judge(
  a: RuntimeTensor,
  b: RuntimeTensor,
  comparison: Comparison,
  numerics: Numerics,
  precision: FloatDType,
  noise: () => Promise<Noise | undefined>,
): Promise<Judgement> {
  const scale = comparison.scale > 0 ? comparison.scale : 1;
  const tolerance = (relative: number, outliers: number, why: string): Tolerance => {
    return { relative, absolute: relative * scale, outliers, why };
  };
  const equal = (given: Tolerance): Judgement => ({ verdict: "equal", reason: undefined, tolerance: given });
  const differs = (given: Tolerance, reason: string): Judgement => ({
    verdict: "differs",
    reason,
    tolerance: given,
  });

  const zero = tolerance(
    0,
    0,
    numerics === "exact" ? "only exact rewrites were made" : `${a.dtype} is exact`,
  );
  const hard =
    comparison.mismatch ??
    (comparison.nonFinite > 0
      ? `${comparison.nonFinite} of ${comparison.size} elements are not finite in one of the two`
      : undefined);
  if (hard !== undefined) {
    const unstable = numerics !== "exact" && (await noise())?.unstable === true;
    return unstable ? { verdict: "unjudged", reason: UNSTABLE, tolerance: zero } : differs(zero, hard);
  }
  if (comparison.differing === 0) return equal(zero);
  if (numerics === "exact") return differs(zero, excess(comparison, zero, comparison.differing));

  const extra = numerics === "approximate" ? APPROXIMATION : 0;
  const { base, cap } = LIMITS[precision];
  const floating = isFloat(a.dtype);
  const plain = floating ? tolerance(base + extra, 0, `rounding of ${precision}`) : zero;
  if (comparison.nonFinite > 0) {
    return differs(
      plain,
      `${comparison.nonFinite} of ${comparison.size} elements are not finite in one of the two`,
    );
  }
  if (floating && comparison.maxAbsolute <= plain.absolute) return equal(plain);

  const measured = await noise();
  if (measured === undefined) return differs(plain, excess(comparison, plain, beyond(a, b, plain)));
  const relative = floating
    ? Math.min(Math.max(base, NOISE_FACTOR * measured.movement) + extra, cap + extra)
    : 0;
  const moved = Math.max(...measured.pairs.map(([x, y]) => shareBeyond(x, y, relative)), 0);
  const outliers = Math.min(NOISE_FACTOR * moved, MAX_OUTLIERS);
  const own = tolerance(relative, outliers, whyNoise(measured.movement, moved, floating));
  const past = beyond(a, b, own);
  if (past <= outliers * comparison.size) return equal(own);
  return differs(own, excess(comparison, own, past));
}

function whyNoise(movement: number, moved: number, floating: boolean): string {
  const parts = floating ? [`rounding of the input moves the original by ${movement.toExponential(1)}`] : [];
  if (moved > 0) parts.push(`rounding of the input flips ${(100 * moved).toFixed(2)}% of the original`);
  return parts.join(", ") || "rounding of the input changes nothing here";
}

function beyond(a: RuntimeTensor, b: RuntimeTensor, tolerance: Tolerance): number {
  return countBeyond(a, b, tolerance.absolute);
}

function shareBeyond(a: RuntimeTensor, b: RuntimeTensor, relative: number): number {
  const { scale, size } = compareTensors(a, b);
  return size === 0 ? 0 : countBeyond(a, b, relative * (scale > 0 ? scale : 1)) / size;
}

function excess(comparison: Comparison, tolerance: Tolerance, past: number): string {
  const share = `${past} of ${comparison.size} elements`;
  if (!isFloat(comparison.dtype)) return `${share} differ`;
  const allowed =
    tolerance.absolute === 0 ? "none is allowed" : `${tolerance.absolute.toExponential(1)} is allowed`;
  return `${share} differ by up to ${comparison.maxAbsolute.toExponential(1)}; ${allowed}`;
}

/** The coarsest floating-point type among the given ones; float where there is none. */
export function coarsest(dtypes: Iterable<DType>): FloatDType {
  let found: FloatDType | undefined;
  for (const dtype of dtypes) {
    if (isFloat(dtype) && (found === undefined || PRECISION[dtype] > PRECISION[found])) found = dtype;
  }
  return found ?? "float";
}

/** The feeds with every float perturbed by a few roundings; undefined when there are none to perturb. */
export function perturbed(feeds: TensorMap, seed: number): TensorMap | undefined {
  if (![...feeds.values()].some((tensor) => isFloat(tensor.dtype))) return undefined;
  const random = createRandom(seed);
  return new Map(
    [...feeds].map(([name, tensor]) => {
      const { dtype, dims, data } = tensor;
      if (!isFloat(dtype) || !(data instanceof Uint8Array)) return [name, tensor];
      const values = decodeNumbers(dtype, data, tensorSize(dims));
      const amplitude = NOISE_UNITS * PRECISION[dtype];
      for (let i = 0; i < values.length; i++) {
        values[i] = (values[i] ?? 0) * (1 + amplitude * (2 * random.uniform() - 1));
      }
      return [name, { dtype, dims, data: encodeNumbers(dtype, values) }];
    }),
  );
}

/** How one output moved between clean and perturbed runs. */
export function noiseOf(pairs: readonly (readonly [RuntimeTensor, RuntimeTensor])[]): Noise {
  let movement = 0;
  let unstable = false;
  for (const [clean, moved] of pairs) {
    const { mismatch, nonFinite, maxAbsolute, scale } = compareTensors(clean, moved);
    unstable ||= mismatch !== undefined || nonFinite > 0;
    if (scale > 0) movement = Math.max(movement, maxAbsolute / scale);
  }
  return { movement, pairs: pairs.filter(([a, b]) => compareTensors(a, b).mismatch === undefined), unstable };
}
