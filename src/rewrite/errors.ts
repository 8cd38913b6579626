import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  passDoesNotConverge: [
    "internal",
    (passes: string): string => `pass ${passes} does not come to a fixed point; leave it out`,
  ],
  passLeftInvalidGraph: [
    "internal",
    (pass: string, flaw: string): string => `pass ${pass} left an invalid graph: ${flaw}`,
  ],
  valueIsNotConstant: ["internal", (value: string): string => `"${value}" is not constant`],
} as const;

export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
