import { type ErrorCatalogue, errorCatalogue } from "../../base/errors.js";

const SENTENCES = {
  weightsDoNotFitInput: [
    "invalid",
    (weights: readonly number[], groups: number, input: readonly number[]): string =>
      `weights [${weights}] in ${groups} groups on an input [${input}]`,
  ],
} as const;

/** Why a node has no float64 reference, or is one that no valid model has. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
