import type { DType } from "../ir/dtype.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";
import type { MaybeDim, SymDim } from "./dims.js";

/** A type as far as it is known. `D` is SymDim in the facts of a value, MaybeDim in what a rule concludes. */
export type FactType<D = SymDim> =
  | TensorFactType<D>
  /** The elements of a sequence differ in size: an unknown size there is no symbol, which would look like one size. */
  | { readonly kind: "sequence" | "optional"; readonly element: FactType<MaybeDim> | undefined }
  | { readonly kind: "map" | "opaque" };

/** The type of a tensor as far as it is known. */
export interface TensorFactType<D = SymDim> {
  /** How the elements are stored. */
  readonly kind: "tensor" | "sparse_tensor";
  /** The type of the elements; undefined: not known. */
  readonly dtype: DType | undefined;
  /** undefined: the rank is not known. */
  readonly shape: readonly D[] | undefined;
}

/** What is known about a value. */
export interface Fact<D = SymDim> {
  readonly type: FactType<D>;
  /** The elements of a small tensor of numbers in row-major order; booleans are 0 and 1. */
  readonly elements?: readonly D[] | undefined;
  /** A constant with the same elements in the same order (its dims may differ); read only when asked for. */
  readonly tensor?: Tensor | undefined;
}

/** What a rule concludes; unknown dimensions get a symbol of their own when it is stored. */
export type Conclusion = Fact<MaybeDim>;
export type Conclusions = readonly (Conclusion | undefined)[];
export type Dims = readonly MaybeDim[];

/**
 * What a rule sees of its node. Attributes read with the wrong kind, or references inside function bodies, make the
 * node opaque whatever the rule concludes, so rules need not check for them.
 */
export interface InferContext {
  readonly node: Node;
  /** The version of the operator set that the node is in. */
  readonly opset: number;
  has(input: number): boolean;
  fact(input: number): Fact | undefined;
  type(input: number): FactType | undefined;
  dtype(input: number): DType | undefined;
  shape(input: number): readonly SymDim[] | undefined;
  rank(input: number): number | undefined;
  /** Known elements, symbolic or not, of a small tensor of numbers. */
  elements(input: number): readonly SymDim[] | undefined;
  /** The elements when all of them are numbers. */
  numbers(input: number): readonly number[] | undefined;
  int(name: string): number | undefined;
  int(name: string, fallback: number): number;
  ints(name: string): readonly number[] | undefined;
  float(name: string): number | undefined;
  floats(name: string): readonly number[] | undefined;
  text(name: string): string | undefined;
  tensor(name: string): Tensor | undefined;
  /** The elements of a small tensor of numbers that an attribute holds. */
  read(tensor: Tensor): readonly SymDim[] | undefined;
  graph(name: string): Graph | undefined;
  bool(name: string, fallback: boolean): boolean;
  /** The fact of an output of one of the node's bodies. */
  bodyFact(value: Value | undefined): Fact | undefined;
  /** A body output's fact as it looks from outside: what may differ from one iteration to the next is unknown. */
  escaped(value: Value | undefined): Conclusion | undefined;
  /** Notes that no valid model has such a node; the rule returns the result, and the outputs are opaque. */
  reject(reason: string): Conclusions;
}

/** The types, shapes and small elements of all outputs, in order. */
export type InferRule = (c: InferContext) => Conclusions;

/** What an input of a body of the node is; `c` is the node's own context. */
export type BodyInputRule = (c: InferContext, body: Graph, index: number) => Conclusion | undefined;

export type InferTable = Readonly<Record<string, InferRule>>;

/** A tensor with the given dims; `undefined` dims: unknown rank. */
export function tensorConclusion(
  dtype: DType | undefined,
  shape: Dims | undefined,
  elements?: Dims | undefined,
): Conclusion {
  return { type: { kind: "tensor", dtype, shape }, elements };
}

/** A value of a type; undefined when the type is not known. */
export function typeConclusion(type: FactType<MaybeDim> | undefined): Conclusion | undefined {
  return type === undefined ? undefined : { type };
}
