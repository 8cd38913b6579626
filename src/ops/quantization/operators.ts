/** Between floating-point numbers and quantized ones. */
export const OPERATORS = {
  ConvInteger: { since: [10], inputs: [2, 4], work: "convolution" },
  DequantizeLinear: {
    since: [10, 13, 19, 21, 23, 24, 25],
    inputs: [2, 3],
    traits: ["quantizes"],
    parameters: { 1: "setting" },
  },
  DynamicQuantizeLinear: { since: [11], inputs: 1, outputs: 3, traits: ["quantizes"] },
  MatMulInteger: { since: [10], inputs: [2, 4], work: "matrixProduct" },
  QLinearConv: { since: [10], inputs: [8, 9], work: "quantizedConvolution" },
  QLinearMatMul: { since: [10, 21], inputs: 8, work: "matrixProduct" },
  QuantizeLinear: {
    since: [10, 13, 19, 21, 23, 24, 25],
    inputs: [2, 3],
    traits: ["quantizes"],
    parameters: { 1: "setting" },
  },
} as const;
