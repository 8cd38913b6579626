import { type ErrorCatalogue, errorCatalogue } from "../../base/errors.js";

const SENTENCES = {
  constantHoldsNoNumbers: ["unsupported", (): string => "it is not a tensor of numbers"],
  outputTypeIsNamed: ["unsupported", (): string => "it names a type"],
} as const;

/** Why a node has no float64 reference, or is one that no valid model has. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
