/** Losses. */
export const OPERATORS = {
  NegativeLogLikelihoodLoss: { since: [12, 13, 22], inputs: [2, 3], parameters: { fixed: [2] } },
  SoftmaxCrossEntropyLoss: {
    work: "softmax",
    since: [12, 13],
    inputs: [2, 3],
    outputs: [1, 2],
    parameters: { fixed: [2] },
  },
} as const;
