import type { DType } from "../ir/dtype.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";
import type { MaybeDim, SymDim } from "./dims.js";

/** The known part of a type. `D` is SymDim in the facts of a value, and MaybeDim in the conclusion of a rule. */
export type FactType<D = SymDim> =
  | TensorFactType<D>
  /**
   * The elements of a sequence may differ in size, so an unknown size there is undefined: a symbol would stand for a
   * single size.
   */
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

/** The known type and elements of a value. */
export interface Fact<D = SymDim> {
  readonly type: FactType<D>;
  /** The elements of a small tensor of numbers in row-major order; booleans are 0 and 1. */
  readonly elements?: readonly D[] | undefined;
  /** A constant with the same elements in the same order, perhaps under other dims. It is read on demand. */
  readonly tensor?: Tensor | undefined;
}

/** A rule's conclusion about an output. When it is stored, every unknown size gets a symbol of its own. */
export type Conclusion = Fact<MaybeDim>;

/** One conclusion for each output, in order; undefined, or left out at the end, where nothing is known. */
export type Conclusions = readonly (Conclusion | undefined)[];

/** The sizes of a shape, as far as they are known. */
export type Dims = readonly MaybeDim[];

/**
 * The context of an inference rule: its node, with inputs and outputs by index. Rules need not check the kinds of
 * attributes: where one has the wrong kind, or refers to an attribute of the enclosing function, the conclusions are
 * thrown away.
 */
export interface InferContext {
  readonly node: Node;
  /** The version of the operator set that the node belongs to. */
  readonly opset: number;
  /** True when the node has the input. */
  has(input: number): boolean;
  fact(input: number): Fact | undefined;
  type(input: number): FactType | undefined;
  dtype(input: number): DType | undefined;
  shape(input: number): readonly SymDim[] | undefined;
  rank(input: number): number | undefined;
  /** The known elements of a small tensor of numbers; they may be symbolic. */
  elements(input: number): readonly SymDim[] | undefined;
  /** The elements, where all of them are plain numbers. */
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
  /** The fact of a body's output seen from outside; sizes that may change from one iteration to the next are unknown. */
  escaped(value: Value | undefined): Conclusion | undefined;
  /**
   * Notes a contradiction: no valid model has such a node. The rule returns the result, and nothing is known of the
   * outputs.
   */
  reject(reason: string): Conclusions;
}

/** The types, shapes and small elements of all outputs, in order. */
export type InferRule = (c: InferContext) => Conclusions;

/** The conclusion about an input of one of the node's bodies; `c` is the context of the node. */
export type BodyInputRule = (c: InferContext, body: Graph, index: number) => Conclusion | undefined;

/** Inference rules by operator. */
export type InferTable = Readonly<Record<string, InferRule>>;

/** A tensor. An undefined shape means that the rank is not known. */
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
