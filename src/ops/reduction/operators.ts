/** Operators over one or several axes: sums, extremes, and running sums. */
export const OPERATORS = {
  ArgMax: { since: [1, 11, 12, 13], inputs: 1, traits: ["indexOfExtremum"] },
  ArgMin: { since: [1, 11, 12, 13], inputs: 1, traits: ["indexOfExtremum"] },
  CumProd: { since: [26], inputs: 2 },
  CumSum: { since: [11, 14], inputs: 2 },
  ReduceL1: { since: [1, 11, 13, 18], breaking: [18], inputs: [1, 2], traits: ["nonNegative", "reduces"] },
  ReduceL2: { since: [1, 11, 13, 18], breaking: [18], inputs: [1, 2], traits: ["nonNegative", "reduces"] },
  ReduceLogSum: { since: [1, 11, 13, 18], breaking: [18], inputs: [1, 2], traits: ["reduces"] },
  ReduceLogSumExp: { since: [1, 11, 13, 18], breaking: [18], inputs: [1, 2], traits: ["reduces"] },
  ReduceMax: { since: [1, 11, 12, 13, 18, 20], breaking: [18], inputs: [1, 2], traits: ["reduces"] },
  ReduceMean: { since: [1, 11, 13, 18], breaking: [18], inputs: [1, 2], traits: ["reduces"] },
  ReduceMin: { since: [1, 11, 12, 13, 18, 20], breaking: [18], inputs: [1, 2], traits: ["reduces"] },
  ReduceProd: { since: [1, 11, 13, 18], breaking: [18], inputs: [1, 2], traits: ["reduces"] },
  ReduceSum: { since: [1, 11, 13], breaking: [13], inputs: [1, 2], traits: ["reduces"] },
  ReduceSumSquare: {
    since: [1, 11, 13, 18],
    breaking: [18],
    inputs: [1, 2],
    traits: ["nonNegative", "reduces"],
  },
  TopK: { since: [1, 10, 11, 24], breaking: [10], inputs: [1, 2], outputs: 2 },
} as const;
