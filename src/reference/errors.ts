import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  feedIsMissing: ["usage", (name: string): string => `no data for input "${name}"; give it`],
  nestingIsTooDeep: ["unsupported", (): string => "bodies and functions nest too deeply"],
  constantIsSparseTensor: ["unsupported", (name: string): string => `"${name}" is a sparse constant`],
  valueIsNotComputedYet: ["invalid", (name: string): string => `"${name}" is read before it is computed`],
  outputHasNoReference: [
    "unsupported",
    (index: number): string => `its output ${index} is not computed here`,
  ],
} as const;

/** Errors of evaluating a model in float64. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
