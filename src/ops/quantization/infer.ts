import { dtypeFromCode } from "../../ir/dtype.js";
import { type InferRule, type InferTable, tensorOf } from "../../rules/fact.js";

/** The zero point says the type, else output_dtype (opset 21), else it is uint8. */
export const quantize: InferRule = (c) => {
  const code = c.int("output_dtype", 0);
  const dtype = c.has(2) ? c.dtype(2) : code === 0 ? "uint8" : dtypeFromCode(code);
  return [tensorOf(dtype, c.shape(0))];
};

export const dequantize: InferRule = (c) => {
  const code = c.int("output_dtype", 0);
  return [tensorOf(code === 0 ? c.dtype(1) : dtypeFromCode(code), c.shape(0))];
};

const dynamicQuantize: InferRule = (c) => [
  tensorOf("uint8", c.shape(0)),
  tensorOf("float", []),
  tensorOf("uint8", []),
];

export const quantization: InferTable = {
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamicQuantize,
  QuantizeLinear: quantize,
};
