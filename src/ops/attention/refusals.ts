import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";

const SENTENCES = {
  attentionHasNoGradient: (): string =>
    "it is one operator for a whole block; write it as MatMul, Softmax and MatMul to train through it",
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
