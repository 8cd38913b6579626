import { isFloat } from "../ir/dtype.js";
import { type Comparison, countBeyond } from "./compare.js";
import type { RuntimeTensor } from "./runtime.js";
import type { Judgement } from "./tolerance.js";

/** A tolerance that a caller gives in the place of a measured one: `|a - b| <= atol + rtol |a|` for each element. */
export interface Bounds {
  /** The absolute part, in the output's units. */
  readonly atol: number;
  /** The relative part, as a share of the original's element. */
  readonly rtol: number;
}

/**
 * Judges a result `b` by bounds, element by element. Strings and elements that are not finite have to be the same; so have integers
 * and booleans, as far as the bounds allow no whole step.
 */
export function judgeWithin(
  a: RuntimeTensor,
  b: RuntimeTensor,
  comparison: Comparison,
  bounds: Bounds,
): Judgement {
  const { atol, rtol } = bounds;
  const tolerance = {
    relative: rtol,
    absolute: atol + rtol * comparison.scale,
    outliers: 0,
    why: `${boundsText(bounds)}, as given`,
  };
  const differs = (reason: string): Judgement => ({ verdict: "differs", reason, tolerance });
  if (comparison.mismatch !== undefined) return differs(comparison.mismatch);
  const past = countBeyond(a, b, atol, rtol);
  if (past === 0) return { verdict: "equal", reason: undefined, tolerance };
  const share = `${past} of ${comparison.size} elements differ`;
  const far = isFloat(comparison.dtype) ? ` by up to ${comparison.maxAbsolute.toExponential(1)}` : "";
  return differs(`${share}${far}, beyond ${boundsText(bounds)}`);
}

/** The bounds as a text: "atol 1e-5 and rtol 0.001". */
export function boundsText({ atol, rtol }: Bounds): string {
  return `atol ${atol} and rtol ${rtol}`;
}
