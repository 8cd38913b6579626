import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  scalesAndShiftsDiffer: [
    "usage",
    (scales: number, shifts: number): string => `${scales} scales and ${shifts} shifts; give as many of both`,
  ],
} as const;

/** The errors of channel maps. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
