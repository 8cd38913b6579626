import type { DType } from "../ir/dtype.js";
import { decodeNumbers, encodeNumbers } from "../ir/tensor.js";
import { type RuntimeTensor, tensorSize } from "./runtime.js";

/** Types that do not cross onnxruntime's JavaScript border, and wider ones that hold all their numbers and do. */
const CARRIERS: Partial<Readonly<Record<DType, DType>>> = {
  bfloat16: "float",
  float8e4m3fn: "float",
  float8e4m3fnuz: "float",
  float8e5m2: "float",
  float8e5m2fnuz: "float",
  float8e8m0: "float",
  int2: "int8",
  int4: "int8",
  uint2: "uint8",
  uint4: "uint8",
};

/** The type in which elements of a type cross the border: its own, where that crosses or nothing carries it. */
export function carrierOf(dtype: DType): DType {
  return CARRIERS[dtype] ?? dtype;
}

/** A tensor in the type in which it crosses the border. */
export function carried(tensor: RuntimeTensor): RuntimeTensor {
  const { dtype, dims, data } = tensor;
  const carrier = carrierOf(dtype);
  if (carrier === dtype || !(data instanceof Uint8Array)) return tensor;
  return { dtype: carrier, dims, data: encodeNumbers(carrier, decodeNumbers(dtype, data, tensorSize(dims))) };
}

/** The elements of a generated sequence. */
const SEQUENCE_LENGTH = 2;

/** The names of the tensors that a sequence is made of, as inputs of a model in the runtime's form. */
export function elementNames(sequence: string): readonly string[] {
  return Array.from({ length: SEQUENCE_LENGTH }, (_, index) => `${sequence} [${index}]`);
}
