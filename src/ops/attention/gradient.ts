import { type FacetTable, missing } from "../../rules/facet.js";
import { type GradientRule, refusing } from "../../rules/gradient/rule.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  Attention: refusing(refusals.attentionHasNoGradient()),
  RotaryEmbedding: missing("write it as products with sine and cosine to train through it"),
};
