import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  targetOpsetDoesNotExist: [
    "usage",
    (target: number, lowest: number, highest: number): string =>
      `there is no opset ${target} to raise to; choose one from ${lowest} to ${highest}`,
  ],
  targetOpsetIsLower: [
    "usage",
    (what: string, source: number): string =>
      `${what} is of opset ${source}, and opsets are only raised; choose ${source} or higher`,
  ],
} as const;

/** Errors of raising a model to another opset. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
