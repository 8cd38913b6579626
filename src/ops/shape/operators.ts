/** The shape of a tensor, and views of it in another. */
export const OPERATORS = {
  Flatten: {
    since: [1, 9, 11, 13, 21, 23, 24, 25],
    inputs: 1,
    traits: ["view", "rearranges", "movesData"],
    spelledOut: { axis: 1 },
  },
  Identity: {
    since: [1, 13, 14, 16, 19, 21, 23, 24, 25],
    inputs: 1,
    traits: ["pointwise", "monotone", "homogeneous", "involution", "idempotent", "rearranges", "movesData"],
  },
  Reshape: {
    since: [1, 5, 13, 14, 19, 21, 23, 24, 25],
    breaking: [5],
    inputs: [1, 2],
    traits: ["view", "rearranges", "movesData"],
  },
  Shape: { since: [1, 13, 15, 19, 21, 23, 24, 25], inputs: 1, traits: ["givesSizes"] },
  Size: { since: [1, 13, 19, 21, 23, 24, 25], inputs: 1, traits: ["givesSizes"] },
  Squeeze: {
    since: [1, 11, 13, 21, 23, 24, 25],
    breaking: [13],
    inputs: [1, 2],
    traits: ["view", "rearranges", "movesData"],
  },
  Unsqueeze: {
    since: [1, 11, 13, 21, 23, 24, 25],
    breaking: [13],
    inputs: [1, 2],
    traits: ["view", "rearranges", "movesData"],
  },
} as const;
