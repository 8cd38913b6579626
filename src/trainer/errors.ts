import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  modelInputIsNoTensor: ["unsupported", (): string => "it is no tensor, and no dataset can feed it"],
} as const;

/** The errors of training with files, and of what else the second door does beyond its rooms. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
