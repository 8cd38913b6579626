import { CALIBRATE } from "../options/calibrate.js";
import type { ValueOf } from "../options/spec.js";

/**
 * How the statistics come from the batches:
 *
 *   paper           Algorithm 2: the mean over batches of their means and of m/(m-1) times their variances
 *   pooled          mean and variance (divided by n) of all elements at once, merged in float64
 *   sequential      pooled, layer by layer: each layer sees inputs normalized by the new statistics of the layers before it,
 *                   exactly as inference does; takes one pass over the data for each layer, or for several layers that do not
 *                   depend on each other
 *   moving-average  ONNX's own: old * momentum + batch * (1 - momentum), with biased variances, from the stored values on
 *
 * With all but `sequential`, layers see batches normalized by their own statistics, as in training.
 */
export type CalibrationMethod = ValueOf<typeof CALIBRATE.method>;

/** All methods of calibration. */
export const CALIBRATION_METHODS: readonly CalibrationMethod[] = CALIBRATE.method.choices;
