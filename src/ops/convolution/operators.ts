/** Convolutions. */
export const OPERATORS = {
  Conv: {
    since: [1, 11, 22],
    inputs: [2, 3],
    traits: ["linear"],
    parameters: { 1: "weight", 2: "bias" },
    work: "convolution",
  },
  ConvTranspose: {
    since: [1, 11, 22],
    inputs: [2, 3],
    traits: ["linear"],
    parameters: { 1: "weight", 2: "bias" },
    work: "transposedConvolution",
  },
  DeformConv: { since: [19, 22], inputs: [3, 5], work: "convolution" },
} as const;
