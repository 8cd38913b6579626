/** Attention and related operators. */
export const OPERATORS = {
  Attention: { since: [23, 24, 25], inputs: [3, 7], outputs: [1, 4], work: "attention" },
  RotaryEmbedding: { since: [23], inputs: [3, 4], work: "rotation" },
} as const;
