/** Matrix products. */
export const OPERATORS = {
  Det: { since: [11, 22], inputs: 1, work: "elimination" },
  Einsum: { since: [12], inputs: [1, "variadic"], work: "einsum" },
  Gemm: {
    since: [1, 6, 7, 9, 11, 13],
    breaking: [7],
    inputs: [2, 3],
    traits: ["linear"],
    parameters: { 1: "weight", 2: "bias" },
    spelledOut: {
      alpha: { kind: "float", value: 1 },
      beta: { kind: "float", value: 1 },
      transA: 0,
      transB: 0,
    },
    work: "gemm",
  },
  MatMul: {
    since: [1, 9, 13],
    inputs: 2,
    traits: ["linear"],
    parameters: { 0: "weight", 1: "weight" },
    work: "matrixProduct",
  },
} as const;
