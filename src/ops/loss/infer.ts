import { type InferRule, type InferTable, tensorOf } from "../../rules/fact.js";

/** A scalar, or with reduction = none one loss per label; then the logarithm of the probabilities. */
const loss: InferRule = (c) => [
  tensorOf(c.dtype(0), (c.text("reduction") ?? "mean") === "none" ? c.shape(1) : []),
  tensorOf(c.dtype(0), c.shape(0)),
];

export const losses: InferTable = {
  NegativeLogLikelihoodLoss: loss,
  SoftmaxCrossEntropyLoss: loss,
};
