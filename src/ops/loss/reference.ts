import { allocate, type ReferenceTensor, referenceTensor, splitAt } from "../../float64/tensor.js";
import type { FacetTable } from "../../rules/facet.js";
import type { ReferenceContext, ReferenceRule } from "../../rules/reference/rule.js";
import { errors } from "./errors.js";
import type { OPERATORS } from "./operators.js";

/** -weight[label] * (logarithm of the label's probability); an ignored label counts as 0. */
function likelihoodLoss(c: ReferenceContext, logarithms: ReferenceTensor): ReferenceTensor {
  const labels = c.input(1);
  const weights = c.optional(2)?.data;
  const ignored = c.has("ignore_index") ? c.int("ignore_index", 0) : undefined;
  const { size, inner } = splitAt(logarithms.dims, 1);
  const losses = allocate(labels.data.length);
  let total = 0;
  let count = 0;
  for (let i = 0; i < losses.length; i++) {
    const label = labels.data[i] ?? 0;
    if (label === ignored) continue;
    if (label < 0 || label >= size) throw errors.labelIsOutsideClasses(label, size);
    const weight = weights === undefined ? 1 : (weights[label] ?? 0);
    const at = (Math.floor(i / inner) * size + label) * inner + (i % inner);
    losses[i] = -(logarithms.data[at] ?? 0) * weight;
    total += losses[i] ?? 0;
    count += weight;
  }
  const reduction = c.text("reduction", "mean");
  if (reduction === "none") return referenceTensor(logarithms.dtype, labels.dims, losses);
  return referenceTensor(logarithms.dtype, [], [reduction === "sum" ? total : total / count]);
}

/** The logarithms of the probabilities over the classes on axis 1. */
function logSoftmax(x: ReferenceTensor): ReferenceTensor {
  const { outer, size, inner } = splitAt(x.dims, 1);
  const out = allocate(x.data.length);
  for (let n = 0; n < outer; n++) {
    for (let i = 0; i < inner; i++) {
      const at = (k: number): number => (n * size + k) * inner + i;
      let most = -Infinity;
      for (let k = 0; k < size; k++) most = Math.max(most, x.data[at(k)] ?? 0);
      let sum = 0;
      for (let k = 0; k < size; k++) sum += Math.exp((x.data[at(k)] ?? 0) - most);
      for (let k = 0; k < size; k++) out[at(k)] = (x.data[at(k)] ?? 0) - most - Math.log(sum);
    }
  }
  return referenceTensor(x.dtype, x.dims, out);
}

const softmaxCrossEntropy: ReferenceRule = (c) => {
  const logarithms = logSoftmax(c.input(0));
  return [likelihoodLoss(c, logarithms), logarithms];
};

export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  NegativeLogLikelihoodLoss: (c) => [likelihoodLoss(c, c.input(0))],
  SoftmaxCrossEntropyLoss: softmaxCrossEntropy,
};
