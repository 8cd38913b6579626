import { type RefusalCatalogue, refusalCatalogue } from "../base/refusal.js";

const SENTENCES = {
  needsAxesInOrder: (node: string): string => `${node} needs its axes in order`,
} as const;

/** Why an operator does not work in another order of axes. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
