import { type RefusalCatalogue, refusalCatalogue } from "../base/refusal.js";

const SENTENCES = {
  // What the constant is to its readers
  isStatistic: (label: string): string => `${label} measures it`,
  isSetting: (label: string): string => `a bound, size or rate of ${label}`,
  isState: (label: string): string => `all zeros, where ${label} starts`,
  isSingleNumber: (label: string): string => `a single number in ${label}`,
  isReadByNoNode: (): string => "no node reads it",
  leadsToNoLoss: (): string => "the loss does not depend on it",
  typeIsNotTrained: (dtype: string): string => `it is ${dtype}`,
  normalizesData: (label: string): string => `${label} applies it to the data as it comes`,
  scalesSeveralAxes: (label: string): string =>
    `${label} multiplies by it along several axes, as masks and rotations do`,

  // What is in it
  holdsNonFinite: (): string => "it holds infinity or NaN",
  holdsWholeNumbers: (): string => "it holds whole numbers along several axes, as masks do",
  holdsZerosAndOnes: (): string => "it holds zeros and ones, as masks do",
  holdsOneHotRows: (): string => "its rows are one-hot",
  holdsSinesAndCosines: (): string => "it holds the sines and cosines of positions",
  holdsRamps: (): string => "it holds evenly spaced positions",

  // What was asked for
  isFrozen: (): string => "freeze names it",
} as const;

/** Why a constant is not trained. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
