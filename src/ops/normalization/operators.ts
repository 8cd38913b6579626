/** Normalizations. */
export const OPERATORS = {
  BatchNormalization: {
    since: [1, 6, 7, 9, 14, 15],
    breaking: [6, 7, 9, 14],
    inputs: 5,
    outputs: [1, 5],
    traits: ["normalizes"],
  },
  GroupNormalization: { since: [18, 21], breaking: [21], inputs: 3, traits: ["normalizes"] },
  Hardmax: {
    since: [1, 11, 13],
    breaking: [13],
    inputs: 1,
    traits: ["nonNegative", "unitRange", "saturates"],
  },
  ImageScaler: { since: [1], experimental: true, inputs: 1 },
  InstanceNormalization: { since: [1, 6, 22], breaking: [6], inputs: 3, traits: ["normalizes"] },
  LRN: { since: [1, 13], inputs: 1, traits: ["normalizes"] },
  LayerNormalization: { since: [17], inputs: [2, 3], outputs: [1, 3], traits: ["normalizes"] },
  LogSoftmax: { since: [1, 11, 13], breaking: [13], inputs: 1 },
  LpNormalization: { since: [1, 22], inputs: 1, traits: ["normalizes"] },
  MeanVarianceNormalization: { since: [9, 13], inputs: 1, traits: ["normalizes"] },
  RMSNormalization: { since: [23], inputs: 2, traits: ["normalizes"] },
  SimplifiedLayerNormalization: { since: [1], experimental: true, inputs: 2, traits: ["normalizes"] },
  Softmax: {
    since: [1, 11, 13],
    breaking: [13],
    inputs: 1,
    traits: ["nonNegative", "unitRange", "saturates"],
  },
} as const;
