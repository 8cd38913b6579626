import { type ErrorCatalogue, errorCatalogue } from "../../base/errors.js";

const SENTENCES = {
  activationIsUnknown: ["unsupported", (name: string): string => `its activation is "${name}"`],
  activationsAreTooFew: ["unsupported", (): string => "it names too few activations"],
} as const;

/** Why a node has no float64 reference, or is one that no valid model has. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
