/** Windows and Fourier transforms. */
export const OPERATORS = {
  BlackmanWindow: { since: [17], inputs: 1 },
  DFT: { since: [17, 20], breaking: [20], inputs: [1, 3], work: "transform" },
  HammingWindow: { since: [17], inputs: 1 },
  HannWindow: { since: [17], inputs: 1 },
  MelWeightMatrix: { since: [17], inputs: 5 },
  STFT: { since: [17], inputs: [2, 4], work: "transform" },
} as const;
