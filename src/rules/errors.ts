import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  referenceInputIsMissing: ["invalid", (index: number): string => `input ${index} is missing`],
  referenceBodyIsMissing: ["invalid", (name: string): string => `the body "${name}" is missing`],
  referenceHasNoInputs: ["invalid", (): string => "it has no inputs"],
  referenceIsTrainingForm: ["unsupported", (): string => "it is in training form"],
  referenceModeIsUnknown: ["unsupported", (mode: string): string => `its mode is "${mode}"`],
  spatialAxesAreTooMany: ["unsupported", (count: number): string => `it has ${count} spatial axes`],
  kernelDoesNotFitInput: [
    "invalid",
    (kernel: readonly number[], spatial: readonly number[]): string =>
      `a kernel [${kernel}] on sizes [${spatial}]`,
  ],
} as const;

/** Errors of float64 references that several families share. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
