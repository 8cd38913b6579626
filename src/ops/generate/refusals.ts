import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";

const SENTENCES = {
  dropoutMaskIsDrawn: (): string => "it draws at random which elements to drop, in the order of its axes",
  dropoutMaskChangesMeaning: (): string => "its mask is used, and from this opset on it is another one",
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
