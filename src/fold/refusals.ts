import { type RefusalCatalogue, refusalCatalogue } from "../base/refusal.js";

const SENTENCES = {
  operandIsMissing: (node: string): string => `an input of ${node} is missing`,
  nodeIsReachedTwice: (node: string): string => `${node} is reached in two ways`,
  valueIsNotFirstOutput: (value: string, node: string): string =>
    `"${value}" is not the first output of ${node}`,
  takesNoMapOfOutput: (node: string, why?: string): string =>
    `${node} takes no scale and shift into itself${why === undefined ? "" : `: ${why}`}`,
  takesNoMapOfInput: (node: string, why?: string): string =>
    `${node} takes no scale and shift of its input${why === undefined ? "" : `: ${why}`}`,
  letsNoMapThrough: (node: string): string => `${node} lets it through nowhere`,
  tooManyOperatorsOnTheWay: (most: number): string => `more than ${most} operators would have to take it`,
  shiftWouldFollowPinnedValue: (value: string): string =>
    `"${value}" is named, and its shift would be added behind it`,
  remainingShiftCostsAsMuch: (node: string): string =>
    `the rest of its shift would need an Add of its own, which costs as much as ${node}`,
} as const;

/** Why a scale and shift finds no place in the constants of other operators. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
