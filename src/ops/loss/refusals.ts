import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";

const SENTENCES = {
  classWeightsHaveNoGradient: (): string =>
    "a gradient of its class weights is asked for, which it takes as constants",
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
