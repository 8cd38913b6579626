/** Recurrent layers. */
export const OPERATORS = {
  GRU: { since: [1, 3, 7, 14, 22], breaking: [7], inputs: [3, 6], outputs: [0, 2], traits: ["recurrent"] },
  LSTM: { since: [1, 7, 14, 22], breaking: [7], inputs: [3, 8], outputs: [0, 3], traits: ["recurrent"] },
  RNN: { since: [1, 7, 14, 22], breaking: [7], inputs: [3, 6], outputs: [0, 2], traits: ["recurrent"] },
} as const;
