import { plural } from "../base/plural.js";
import { type RefusalCatalogue, refusalCatalogue } from "../base/refusal.js";

const SENTENCES = {
  valueIsGraphOutput: (value: string): string => `"${value}" is a graph output`,
  valueIsPinned: (value: string, because: string): string => `"${value}" stays: ${because}`,
  outputHasOtherUses: (source: string, others: number): string =>
    `the output of ${source} has ${plural(others, "other use")}`,
  attributeComesFromCaller: (node: string): string =>
    `an attribute of ${node} takes its value from the function's caller`,
  nodesAreInDifferentGraphs: (one: string, other: string): string =>
    `${one} and ${other} are in different graphs`,
} as const;

/** Why a value or a node has to stay as it is, whichever rewrite is tried. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
