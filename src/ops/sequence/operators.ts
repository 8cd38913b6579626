/** Sequences and optionals. */
export const OPERATORS = {
  ConcatFromSequence: { since: [11], inputs: 1 },
  Optional: { since: [15], inputs: [0, 1] },
  OptionalGetElement: { since: [15, 18], inputs: 1 },
  OptionalHasElement: { since: [15, 18], inputs: [0, 1] },
  SequenceAt: { since: [11], inputs: 2 },
  SequenceConstruct: { since: [11], inputs: [1, "variadic"] },
  SequenceEmpty: { since: [11], inputs: 0 },
  SequenceErase: { since: [11], inputs: [1, 2] },
  SequenceInsert: { since: [11], inputs: [2, 3] },
  SequenceLength: { since: [11], inputs: 1 },
  SplitToSequence: { since: [11, 24], inputs: [1, 2] },
} as const;
