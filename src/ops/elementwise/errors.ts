import { type ErrorCatalogue, errorCatalogue } from "../../base/errors.js";
import type { DType } from "../../ir/dtype.js";

const SENTENCES = {
  integerIsDividedByZero: ["unsupported", (): string => "it divides an integer by zero"],
  integersAreTooWide: ["unsupported", (dtype: DType): string => `its integers are ${dtype}`],
  referenceCastTypeIsUnknown: [
    "unsupported",
    (dtype?: DType): string => (dtype === undefined ? "it casts to an unknown type" : `it casts to ${dtype}`),
  ],
  castIsUndefined: ["unsupported", (value: number, dtype: DType): string => `it casts ${value} to ${dtype}`],
} as const;

/** Why a node has no float64 reference, or is one that no valid model has. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
