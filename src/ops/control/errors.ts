import { type ErrorCatalogue, errorCatalogue } from "../../base/errors.js";

const SENTENCES = {
  stackOfNothingHasNoShape: ["unsupported", (): string => "it stacks the outputs of no iteration"],
  scanOutputsDifferInSize: ["invalid", (): string => "its scan outputs differ in size"],
  loopRunsTooLong: ["unsupported", (): string => "it runs too long"],
  scanVersionIsOld: ["unsupported", (opset: number): string => `it is Scan-${opset}`],
} as const;

/** Why a node has no float64 reference, or is one that no valid model has. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
