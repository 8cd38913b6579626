import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";
import type { DType } from "./dtype.js";

const SENTENCES = {
  opsetDoesNotExist: [
    "usage",
    (opset: number): string => `opset ${opset} does not exist; give a whole number from 1 on`,
  ],
  byteCountDiffers: [
    "usage",
    (dtype: DType, dims: readonly number[], given: number, needed: number): string =>
      `the bytes for ${dtype}[${dims}] are ${given}; give ${needed}`,
  ],
  numberCountDiffers: [
    "usage",
    (dtype: DType, dims: readonly number[], given: number, needed: number): string =>
      `the numbers for ${dtype}[${dims}] are ${given}; give ${needed}`,
  ],
  numberOutsideType: [
    "usage",
    (value: number, dtype: DType): string => `${value} does not fit ${dtype}; give integers in its range`,
  ],
  attributeIsGivenTwice: [
    "invalid",
    (name: string): string => `attribute "${name}" is given twice; remove one`,
  ],
  stringsHaveNoBytes: [
    "unsupported",
    (): string => "a string tensor has no raw bytes; read its strings instead",
  ],
  integerIsNotSafe: [
    "unsupported",
    (value: number): string =>
      `${value} is not a safe integer; only integers within 2^53 can be read as numbers`,
  ],
  dtypeIsNotNumeric: [
    "unsupported",
    (dtype: DType): string => `${dtype} elements cannot be read or written as numbers; use their bytes`,
  ],
  modelBreaksSpecification: [
    "invalid",
    (violation: string, others: number): string =>
      `${violation}${others === 0 ? "" : ` (and ${others} more)`}; the model breaks the ONNX specification`,
  ],
} as const;

/** The errors of building, reading and verifying models in memory. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
