import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  wrongOptionValue: [
    "usage",
    (option: string, value: string, wanted: string): string => `${option} is ${value}; give ${wanted}`,
  ],
  shapeIsGivenTwice: [
    "usage",
    (option: string, input: string): string =>
      `${option} gives the sizes of "${input}" twice; give them once`,
  ],
  optionIsMissing: ["usage", (option: string): string => `${option} is missing; give it`],
  optionNeedsAnother: [
    "usage",
    (option: string, other: string): string => `${option} has no effect without ${other}; leave it out`,
  ],
  optionHasNoEffect: [
    "usage",
    (option: string, other: string): string => `${option} has no effect with ${other}; leave it out`,
  ],
} as const;

/** The errors of options, from the command line and from the library alike. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
