import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";

const SENTENCES = {
  scanSequencesDifferInLength: (): string => "its sequences differ in length (sequence_lens)",
  bodyToRaiseIsMissing: (): string => "it has no body",
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
