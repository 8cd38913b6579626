import { type RefusalCatalogue, refusalCatalogue } from "../base/refusal.js";

const SENTENCES = {
  operatorIsNotStandard: (): string => "the operator is not one of the standard domain",
} as const;

/** Why a model is not raised to another opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
