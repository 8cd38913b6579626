/** Pooling over windows. */
export const OPERATORS = {
  AveragePool: { since: [1, 7, 10, 11, 19, 22], inputs: 1, traits: ["pools"], work: "windows" },
  GlobalAveragePool: { since: [1, 22], inputs: 1, traits: ["pools"], work: "eachInput" },
  GlobalLpPool: { since: [1, 2, 22], breaking: [2], inputs: 1, traits: ["nonNegative"], work: "eachInput" },
  GlobalMaxPool: { since: [1, 22], inputs: 1, traits: ["pools"], work: "eachInput" },
  LpPool: { since: [1, 2, 11, 18, 22], breaking: [2], inputs: 1, traits: ["nonNegative"], work: "windows" },
  MaxPool: { since: [1, 8, 10, 11, 12, 22], inputs: 1, outputs: [1, 2], traits: ["pools"], work: "windows" },
  MaxUnpool: { since: [9, 11, 22], inputs: [2, 3] },
} as const;
