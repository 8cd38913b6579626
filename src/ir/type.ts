import type { DType } from "./dtype.js";

/** A dimension as a model declares it: a size, a symbol ("batch"), or nothing known. */
export type Dim = number | string | undefined;

/** The type of a tensor value. */
export interface TensorType {
  /** How the elements are stored. */
  readonly kind: "tensor" | "sparse_tensor";
  /** Element type; "undefined" where the model does not say. */
  readonly dtype: DType;
  /** undefined: the rank is not known; []: a scalar. */
  readonly shape: readonly Dim[] | undefined;
}

/** The types of ONNX values. A leaf record, never changed; `wire` is its TypeProto as it was read. */
export type ValueType = (
  | TensorType
  | { readonly kind: "sequence" | "optional"; readonly element: ValueType | undefined }
  | { readonly kind: "map"; readonly key: DType; readonly value: ValueType | undefined }
  | { readonly kind: "opaque" }
) & { readonly wire?: Uint8Array };

/** The type of a dense tensor. Without `shape` the rank is unknown; [] is a scalar. */
export function tensorType(dtype: DType, shape?: readonly Dim[]): ValueType {
  return { kind: "tensor", dtype, shape };
}

/** The static sizes of a declared shape, or undefined when any is not a number. */
export function staticShape(type: ValueType | undefined): readonly number[] | undefined {
  if (type?.kind !== "tensor" || type.shape === undefined) return undefined;
  const sizes = type.shape.filter((dim) => typeof dim === "number");
  return sizes.length === type.shape.length ? sizes : undefined;
}
