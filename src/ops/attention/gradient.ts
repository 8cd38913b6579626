import { type FacetTable, missing } from "../../rules/facet.js";
import { type GradientRule, refusing } from "../../rules/gradient/rule.js";
import type { OPERATORS } from "./operators.js";

export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  Attention: refusing(
    "it is one operator for a whole block; write it as MatMul, Softmax and MatMul to train through it",
  ),
  RotaryEmbedding: missing("write it as products with sine and cosine to train through it"),
};
