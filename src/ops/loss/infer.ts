import type { FacetTable } from "../../rules/facet.js";
import { type InferRule, tensorConclusion } from "../../rules/fact.js";
import type { OPERATORS } from "./operators.js";

/** The outputs are the loss, a scalar or with reduction = none one per label, and the logarithms of the probabilities. */
const loss: InferRule = (c) => [
  tensorConclusion(c.dtype(0), (c.text("reduction") ?? "mean") === "none" ? c.shape(1) : []),
  tensorConclusion(c.dtype(0), c.shape(0)),
];

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  NegativeLogLikelihoodLoss: loss,
  SoftmaxCrossEntropyLoss: loss,
};
