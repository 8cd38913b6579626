/** Losses. */
export const OPERATORS = {
  NegativeLogLikelihoodLoss: { since: [12, 13, 22], inputs: [2, 3], parameters: { 2: "setting" } },
  SoftmaxCrossEntropyLoss: {
    work: "softmax",
    since: [12, 13],
    inputs: [2, 3],
    outputs: [1, 2],
    parameters: { 2: "setting" },
  },
} as const;
