import { type ErrorCatalogue, errorCatalogue } from "../../base/errors.js";

const SENTENCES = {
  termDoesNotFitOperand: [
    "invalid",
    (term: string, dims: readonly number[]): string => `"${term}" for [${dims}]`,
  ],
  operandIsScalar: ["invalid", (): string => "MatMul of a scalar"],
  matricesDoNotFit: [
    "invalid",
    (opType: string, a: readonly number[], b: readonly number[]): string => `${opType} of [${a}] and [${b}]`,
  ],
} as const;

/** Why a node has no float64 reference, or is one that no valid model has. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
