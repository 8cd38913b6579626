import { type ErrorCatalogue, errorCatalogue } from "../../base/errors.js";

const SENTENCES = {
  sliceStepIsZero: ["invalid", (): string => "a step of 0"],
  indexIsOutside: ["invalid", (index: number, size: number): string => `index ${index} is outside ${size}`],
  referenceReductionIsUnknown: [
    "unsupported",
    (reduction: string): string => `its reduction is "${reduction}"`,
  ],
} as const;

/** Why a node has no float64 reference, or is one that no valid model has. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
