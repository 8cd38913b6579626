/** Operators with bodies. */
export const OPERATORS = {
  If: { since: [1, 11, 13, 16, 19, 21, 23, 24, 25], inputs: 1, outputs: [1, "variadic"] },
  Loop: { since: [1, 11, 13, 16, 19, 21, 23, 24, 25], inputs: [2, "variadic"], outputs: [1, "variadic"] },
  Scan: {
    since: [8, 9, 11, 16, 19, 21, 23, 24, 25],
    breaking: [9],
    inputs: [1, "variadic"],
    outputs: [1, "variadic"],
  },
  SequenceMap: { since: [17], inputs: [1, "variadic"], outputs: [1, "variadic"] },
} as const;
