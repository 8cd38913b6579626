import type { Graph } from "./graph.js";
import type { Tensor } from "./tensor.js";
import type { ValueType } from "./type.js";

/** A constant in coordinate form: `values` at `indices` of an otherwise zero tensor of `dims`. */
export interface SparseTensor {
  /** The elements that are not zero: [n]. */
  readonly values: Tensor;
  /** Their places, int64: [n] into the flattened tensor, or [n, rank]. */
  readonly indices: Tensor;
  /** Sizes of the whole tensor. */
  readonly dims: readonly number[];
  /** The SparseTensorProto as it was read. */
  readonly wire?: Uint8Array;
}

/**
 * A node attribute. INT values reach 2^63 - 1, hence bigint; STRING values are bytes by specification. A leaf record:
 * replaced, never changed. `wire` is the AttributeProto as it was read, and is written back verbatim; it is
 * absent for attributes that hold graphs, since graphs are edited in place.
 */
export type Attribute = {
  readonly name: string;
  readonly docString?: string | undefined;
  readonly wire?: Uint8Array | undefined;
  /** Fields that normfold does not read, of an attribute that is not kept as `wire`. */
  readonly unknown?: Uint8Array | undefined;
} & AttributePayload;

/** The kind of an attribute and its value. Source: AttributeProto in onnx.proto. */
export type AttributePayload =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "string"; readonly value: Uint8Array }
  | { readonly kind: "tensor"; readonly value: Tensor }
  | { readonly kind: "graph"; readonly value: Graph }
  | { readonly kind: "sparse_tensor"; readonly value: SparseTensor }
  | { readonly kind: "type"; readonly value: ValueType }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "ints"; readonly value: readonly bigint[] }
  | { readonly kind: "strings"; readonly value: readonly Uint8Array[] }
  | { readonly kind: "tensors"; readonly value: readonly Tensor[] }
  | { readonly kind: "graphs"; readonly value: readonly Graph[] }
  | { readonly kind: "sparse_tensors"; readonly value: readonly SparseTensor[] }
  | { readonly kind: "types"; readonly value: readonly ValueType[] }
  /** In a function body: the value that the caller gives its attribute `ref`. */
  | { readonly kind: "ref"; readonly ref: string; readonly type: AttributeKind }
  /** No value field is set, or the type is newer than this version of normfold; kept as `wire`. */
  | { readonly kind: "unknown" };

/** The kinds of attributes that have a value, as ONNX's AttributeType names them. */
export type AttributeKind = Exclude<AttributePayload["kind"], "ref" | "unknown">;

const utf8 = new TextEncoder();
const utf8Decoder = new TextDecoder();

/** A plain value from which an attribute is made. Numbers that are integers become INT. */
export type AttributeInit =
  | AttributePayload
  | number
  | bigint
  | string
  | Tensor
  | readonly number[]
  | readonly string[];

/** An attribute from a plain value. A number that must be FLOAT although whole is given as `{ kind: "float", value }`. */
export function attribute(name: string, init: AttributeInit): Attribute {
  if (typeof init === "bigint") return { name, kind: "int", value: init };
  if (typeof init === "string") return { name, kind: "string", value: utf8.encode(init) };
  if (typeof init === "number") {
    return Number.isInteger(init)
      ? { name, kind: "int", value: BigInt(init) }
      : { name, kind: "float", value: init };
  }
  if (isStrings(init)) return { name, kind: "strings", value: init.map((text) => utf8.encode(text)) };
  if (isNumbers(init)) {
    return init.every(Number.isInteger)
      ? { name, kind: "ints", value: init.map(BigInt) }
      : { name, kind: "floats", value: init };
  }
  return "kind" in init ? { name, ...init } : { name, kind: "tensor", value: init };
}

function isStrings(init: AttributeInit): init is readonly string[] {
  return Array.isArray(init) && init.length > 0 && typeof init[0] === "string";
}

function isNumbers(init: AttributeInit): init is readonly number[] {
  return Array.isArray(init);
}

const NONE: readonly Graph[] = [];

/** The subgraphs an attribute holds. */
export function graphsOf(attr: Attribute): readonly Graph[] {
  if (attr.kind === "graph") return [attr.value];
  return attr.kind === "graphs" ? attr.value : NONE;
}

/** The text of a STRING attribute's bytes. */
export function attributeText(bytes: Uint8Array): string {
  return utf8Decoder.decode(bytes);
}
