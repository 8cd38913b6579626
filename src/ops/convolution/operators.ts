/** Convolutions. */
export const OPERATORS = {
  Conv: {
    since: [1, 11, 22],
    inputs: [2, 3],
    traits: ["linear"],
    parameters: { trained: [1, 2] },
    work: "convolution",
  },
  ConvTranspose: {
    since: [1, 11, 22],
    inputs: [2, 3],
    traits: ["linear"],
    parameters: { trained: [1, 2] },
    work: "transposedConvolution",
  },
  DeformConv: { since: [19, 22], inputs: [3, 5], work: "convolution" },
} as const;
