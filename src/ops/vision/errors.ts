import { type ErrorCatalogue, errorCatalogue } from "../../base/errors.js";

const SENTENCES = {
  resizeSizeIsMissing: ["invalid", (): string => "neither scales nor sizes are given"],
  coordinateModeIsUnknown: ["unsupported", (mode: string): string => `its coordinates are "${mode}"`],
} as const;

/** Why a node has no float64 reference, or is one that no valid model has. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
