import type { Numerics } from "../base/numerics.js";
import { type DType, type FloatDType, isFloat } from "../ir/dtype.js";
import { type Comparison, compareTensors, countBeyond } from "./compare.js";
import { PRECISION } from "./perturb.js";
import type { RuntimeTensor } from "./runtime.js";

/** How far an output may move, and why that far. */
export interface Tolerance {
  /** Largest |a - b| of an element, in units of the output's largest magnitude. */
  readonly relative: number;
  /** The same in the output's own units. */
  readonly absolute: number;
  /** The share of elements that may move further, because rounding alone moves as many in the original. */
  readonly outliers: number;
  /** The reason for this tolerance, in one clause. */
  readonly why: string;
}

/** Whether an output may be called the same, and by which tolerance. */
export interface Judgement {
  /** unjudged: rounding, or chance, changes the output of the original just as much. */
  readonly verdict: "equal" | "differs" | "unjudged";
  /** Why it is not equal, in one line. */
  readonly reason: string | undefined;
  /** The tolerance that decided. */
  readonly tolerance: Tolerance;
}

/** How rounding moves one output of the original model. */
export interface Noise {
  /** Largest movement in units of the output's largest magnitude. */
  readonly movement: number;
  /** The output of the clean run, and those of the perturbed ones, to count how many elements move far. */
  readonly clean: RuntimeTensor;
  readonly moved: readonly RuntimeTensor[];
  /** The shape itself, or which elements are finite, depends on the rounding. */
  readonly unstable: boolean;
}

/** The measured movement is a sample; clean folds of real networks reach twice it. */
export const NOISE_FACTOR = 8;

interface Limits {
  /** The tolerance that needs no measurement. */
  readonly base: number;
  /** The tolerance where nothing can be measured: all inputs are integers, or the noise vanishes inside the model. */
  readonly blind: number;
  /** The tolerance that no measurement exceeds. */
  readonly cap: number;
}

/**
 * By the coarsest type of the computation. Measured on 25 networks: clean float32 folds reach 4e-7 as a rule and
 * 4e-6 at worst (54 layers), float16 ones 9e-4; two swapped channels cost 1e-4 and more, a forgotten bias 7e-5.
 */
const LIMITS: Readonly<Record<FloatDType, Limits>> = {
  double: { base: 1e-13, blind: 1e-12, cap: 1e-4 },
  float: { base: 2e-6, blind: 1e-5, cap: 1e-2 },
  float16: { base: 3e-3, blind: 6e-3, cap: 3e-2 },
  bfloat16: { base: 2.4e-2, blind: 5e-2, cap: 1e-1 },
};

/** The tolerance that "approximate" adds to the limits of rounding. */
const APPROXIMATION = 1e-2;
/** Elements that flip under noise are a sample of those that may. */
const FLIP_FACTOR = 4;
const MAX_OUTLIERS = 0.05;
const UNSTABLE = "its own rounding changes its shape, or which elements are finite";

/**
 * Judges one output.
 *
 *   exact        the same elements (NaN as NaN, -0 as 0). In half precision judged as rounding: the runtime computes it
 *                in float32 between casts, and where it puts those depends on the neighbours of a node
 *   rounding     |a - b| <= t * max|a|, t = max(base, 8 * movement), at most the cap. `base` is the tolerance of a
 *                shallow network at the model's precision; `movement` is how far the original's own output moves when its
 *                inputs and weights are perturbed by a few roundings: depth raises it, and cancellation (variance
 *                1e-7 behind a mean of 100). Where that moves single elements past t (a quantizer or an argmax
 *                flips), up to 4 times as many of the result's may be past it, at most 5 percent. Integers, booleans and strings: the same
 *                with t = 0.
 *   approximate  rounding with 1e-2 added to the base and the cap
 *
 * A NaN or infinity that only one of the two has, another type or another shape is never rounding; where the
 * perturbation alone causes as much (the number of boxes found), the output is not judged.
 *
 * Each item of `noise` costs one run. Items are requested only if the base tolerance does not decide, and only until the
 * verdict is certain.
 */
export async function judge(
  a: RuntimeTensor,
  b: RuntimeTensor,
  comparison: Comparison,
  numerics: Numerics,
  precision: FloatDType,
  noise: () => AsyncIterable<Noise>,
): Promise<Judgement> {
  const bitwise = comparesBits(numerics, precision);
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

  const zero = tolerance(0, 0, bitwise ? "only exact rewrites were made" : `${a.dtype} is exact`);
  const hard =
    comparison.mismatch ??
    (comparison.nonFinite > 0
      ? `${comparison.nonFinite} of ${comparison.size} elements are not finite in one of the two`
      : undefined);
  if (hard !== undefined) {
    if (bitwise) return differs(zero, hard);
    for await (const { unstable } of noise())
      if (unstable) return { verdict: "unjudged", reason: UNSTABLE, tolerance: zero };
    return differs(zero, hard);
  }
  if (comparison.differing === 0) return equal(zero);
  if (bitwise) return differs(zero, excess(comparison, zero, comparison.differing));

  const extra = numerics === "approximate" ? APPROXIMATION : 0;
  const { base, blind, cap } = LIMITS[precision];
  const floating = isFloat(a.dtype);
  const plain = floating ? tolerance(base + extra, 0, `rounding of ${precision}`) : zero;
  if (floating && comparison.maxAbsolute <= plain.absolute) return equal(plain);

  const knowing = (measured: Noise | undefined): Judgement => {
    const known = measured?.unstable === true ? undefined : measured;
    const movement = known?.movement ?? 0;
    const rounding = movement > 0 ? Math.max(base, NOISE_FACTOR * movement) : blind;
    const relative = floating ? Math.min(rounding, cap) + extra : 0;
    const flips = known?.moved.map((moved) => countBeyond(known.clean, moved, relative * scale)) ?? [];
    const flipped = Math.max(0, ...flips) / comparison.size;
    const outliers = Math.min(FLIP_FACTOR * flipped, MAX_OUTLIERS);
    const own = tolerance(relative, outliers, whyNoise(movement, flipped, floating));
    const past = countBeyond(a, b, own.absolute);
    return past <= outliers * comparison.size ? equal(own) : differs(own, excess(comparison, own, past));
  };
  let judgement: Judgement | undefined;
  for await (const measured of noise()) {
    judgement = knowing(measured);
    if (judgement.verdict === "equal") return judgement;
  }
  return judgement ?? knowing(undefined);
}

function whyNoise(movement: number, flipped: number, floating: boolean): string {
  const parts: string[] = [];
  if (floating) {
    parts.push(
      movement > 0
        ? `its own rounding moves the original by ${movement.toExponential(1)}`
        : "its own rounding cannot be seen in the original",
    );
  }
  if (flipped > 0) parts.push(`its own rounding flips ${(100 * flipped).toFixed(2)}% of the original`);
  return parts.join(", ") || "its own rounding changes nothing in the original";
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

/** Whether outputs have to be the same bits: in half precision the runtime rounds where the neighbours of a node have it. */
export function comparesBits(numerics: Numerics, precision: FloatDType): boolean {
  return numerics === "exact" && precision !== "float16" && precision !== "bfloat16";
}

/** Whether rounding moves an output so far that no tolerance may cover it. */
export function isChaotic({ movement, unstable }: Noise, precision: FloatDType): boolean {
  return unstable || NOISE_FACTOR * movement > LIMITS[precision].cap;
}

/** How one output moved between a clean run and perturbed ones. */
export function noiseOf(clean: RuntimeTensor, moved: readonly RuntimeTensor[]): Noise {
  const runs = moved.map((each) => compareTensors(clean, each));
  return {
    clean,
    moved,
    unstable: runs.some(({ mismatch, nonFinite }) => mismatch !== undefined || nonFinite > 0),
    movement: Math.max(0, ...runs.map(({ maxAbsolute, scale }) => (scale > 0 ? maxAbsolute / scale : 0))),
  };
}
