import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  partIsUnknown: [
    "usage",
    (name: string, parts: readonly string[]): string =>
      `a difference has no part "${name}" to ignore; give some of ${parts.join(", ")}`,
  ],
} as const;

/** The errors of comparing two models as they are written. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
