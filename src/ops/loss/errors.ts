import { type ErrorCatalogue, errorCatalogue } from "../../base/errors.js";

const SENTENCES = {
  labelIsOutsideClasses: [
    "invalid",
    (label: number, classes: number): string => `label ${label} of ${classes} classes`,
  ],
} as const;

/** Why a node has no float64 reference, or is one that no valid model has. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
