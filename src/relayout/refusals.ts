import { type RefusalCatalogue, refusalCatalogue } from "../base/refusal.js";

const SENTENCES = {
  needsAxesInOrder: (node: string, why?: string): string =>
    why === undefined ? `${node} needs its axes in order` : `${node} keeps the order of its axes: ${why}`,
} as const;

/** Why an operator does not work in another order of axes. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
