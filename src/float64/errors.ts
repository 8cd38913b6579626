import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";
import type { DType } from "../ir/dtype.js";

const SENTENCES = {
  dimsDoNotExpand: [
    "invalid",
    (from: readonly number[], to: readonly number[]): string => `[${from}] does not expand to [${to}]`,
  ],
  dimsDoNotReshape: [
    "invalid",
    (from: readonly number[], to: readonly number[]): string => `[${from}] does not reshape to [${to}]`,
  ],
  dimsDoNotBroadcast: [
    "invalid",
    (a: readonly number[], b: readonly number[]): string => `[${a}] and [${b}] do not broadcast`,
  ],
  axisIsOutsideTensor: [
    "invalid",
    (axis: number, rank: number): string => `axis ${axis} is outside rank ${rank}`,
  ],
  typeHasNoReference: [
    "unsupported",
    (dtype: DType): string => `${dtype} elements have no float64 reference`,
  ],
  integerIsBeyondFloat64: [
    "unsupported",
    (value: number | bigint): string => `the integer ${value} is beyond 2^53`,
  ],
  tensorIsTooLarge: ["unsupported", (size: number): string => `it computes a tensor of ${size} elements`],
} as const;

/** Errors of computing with tensors in float64. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
