/** Operators that make tensors of given or random numbers. */
export const OPERATORS = {
  Bernoulli: { since: [15, 22], inputs: 1, traits: ["random"] },
  Constant: { since: [1, 9, 11, 12, 13, 19, 21, 23, 24, 25], inputs: 0 },
  ConstantOfShape: { since: [9, 20, 21, 23, 24, 25], inputs: 1 },
  Dropout: {
    since: [1, 6, 7, 10, 12, 13, 22],
    breaking: [6, 7, 10, 12],
    inputs: [1, 3],
    outputs: [1, 2],
    parameters: { 1: "setting" },
  },
  EyeLike: { since: [9, 22], inputs: 1 },
  Multinomial: { since: [7, 22], inputs: 1, traits: ["random"] },
  RandomNormal: { since: [1, 22], inputs: 0, traits: ["random"] },
  RandomNormalLike: { since: [1, 22], inputs: 1, traits: ["random"] },
  RandomUniform: { since: [1, 22], inputs: 0, traits: ["random"] },
  RandomUniformLike: { since: [1, 22], inputs: 1, traits: ["random"] },
  Range: {
    since: [11],
    inputs: 3,
    traits: ["jumps"],
    parameters: { 0: "setting", 1: "setting", 2: "setting" },
  },
} as const;
