import { type ErrorCatalogue, errorCatalogue } from "../../base/errors.js";
import type { DType } from "../../ir/dtype.js";

const SENTENCES = {
  blockScaleDoesNotFit: [
    "invalid",
    (scale: readonly number[], input: readonly number[]): string => `a scale [${scale}] on [${input}]`,
  ],
  quantizedTypeIsNotInteger: ["unsupported", (dtype: DType): string => `it quantizes to ${dtype}`],
  quantizedTypeIsNamed: ["unsupported", (): string => "it names an output type"],
} as const;

/** Why a node has no float64 reference, or is one that no valid model has. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
