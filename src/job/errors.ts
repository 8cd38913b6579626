import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  // Where a model comes from and where it goes.
  standardInputIsTerminal: [
    "usage",
    (): string => "standard input is a terminal; pipe a model into it or name a file",
  ],
  targetHoldsInputData: [
    "usage",
    (path: string): string => `"${path}" holds data of the input; choose another file`,
  ],
  dataFileIsInputs: [
    "usage",
    (path: string): string =>
      `the data would go to "${path}", which the input reads; give another name to --output, or --in-place`,
  ],

  // Results that are not written.
  outputsDiffer: ["check", (reason: string): string => `${reason}; nothing was written`],
  outputsAreUnchecked: [
    "unsupported",
    (reason: string): string => `unchecked: ${reason}; nothing was written, --no-check writes it`,
  ],
} as const;

/** The errors of work on one model's files. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
