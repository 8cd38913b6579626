/** Recurrent layers. */
export const OPERATORS = {
  GRU: {
    since: [1, 3, 7, 14, 22],
    breaking: [7],
    inputs: [3, 6],
    outputs: [0, 2],
    traits: ["recurrent"],
    parameters: { 1: "weight", 2: "weight", 3: "bias", 5: "state" },
    recurrence: { gates: 3, zeroByDefault: [3, 5] },
    work: "recurrence",
  },
  LSTM: {
    since: [1, 7, 14, 22],
    breaking: [7],
    inputs: [3, 8],
    outputs: [0, 3],
    traits: ["recurrent"],
    parameters: { 1: "weight", 2: "weight", 3: "bias", 5: "state", 6: "state", 7: "weight" },
    recurrence: { gates: 4, zeroByDefault: [3, 5, 6, 7] },
    work: "recurrence",
  },
  RNN: {
    since: [1, 7, 14, 22],
    breaking: [7],
    inputs: [3, 6],
    outputs: [0, 2],
    traits: ["recurrent"],
    parameters: { 1: "weight", 2: "weight", 3: "bias", 5: "state" },
    recurrence: { gates: 1, zeroByDefault: [3, 5] },
    work: "recurrence",
  },
} as const;
