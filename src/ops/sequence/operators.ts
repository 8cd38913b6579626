/** Sequences and optionals. */
export const OPERATORS = {
  ConcatFromSequence: { since: [11], inputs: 1, bound: "inputs" },
  Optional: { since: [15], inputs: [0, 1], bound: "inputs" },
  OptionalGetElement: { since: [15, 18], inputs: 1, bound: "inputs" },
  OptionalHasElement: { since: [15, 18], inputs: [0, 1] },
  SequenceAt: { since: [11], inputs: 2, bound: "inputs" },
  SequenceConstruct: { since: [11], inputs: [1, "variadic"], bound: "inputs" },
  SequenceEmpty: { since: [11], inputs: 0, bound: "inputs" },
  SequenceErase: { since: [11], inputs: [1, 2], bound: "inputs" },
  SequenceInsert: { since: [11], inputs: [2, 3], bound: "inputs" },
  SequenceLength: { since: [11], inputs: 1 },
  SplitToSequence: { since: [11, 24], inputs: [1, 2], bound: "inputs" },
} as const;
