import { dtypeFromCode } from "../../ir/dtype.js";
import type { FacetTable } from "../../rules/facet.js";
import { type InferRule, tensorConclusion } from "../../rules/fact.js";
import { convolve } from "../convolution/infer.js";
import { product } from "../linear/infer.js";
import type { OPERATORS } from "./operators.js";

/** The type is that of the zero point, else output_dtype (opset 21), else uint8. */
export const quantize: InferRule = (c) => {
  const code = c.int("output_dtype", 0);
  const dtype = c.has(2) ? c.dtype(2) : code === 0 ? "uint8" : dtypeFromCode(code);
  return [tensorConclusion(dtype, c.shape(0))];
};

/** The type is that of the scale, unless output_dtype (opset 23) names one. */
export const dequantize: InferRule = (c) => {
  const code = c.int("output_dtype", 0);
  return [tensorConclusion(code === 0 ? c.dtype(1) : dtypeFromCode(code), c.shape(0))];
};

const dynamicQuantize: InferRule = (c) => [
  tensorConclusion("uint8", c.shape(0)),
  tensorConclusion("float", []),
  tensorConclusion("uint8", []),
];

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  ConvInteger: (c) => convolve(c, 1, "int32"),
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamicQuantize,
  MatMulInteger: (c) => product(c, 0, 1, "int32"),
  QLinearConv: (c) => convolve(c, 3, c.dtype(7)),
  QLinearMatMul: (c) => product(c, 0, 3, c.dtype(7)),
  QuantizeLinear: quantize,
};
