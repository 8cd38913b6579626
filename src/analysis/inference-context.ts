import { type Attribute, type AttributeKind, attributeText } from "../ir/attribute.js";
import type { DType } from "../ir/dtype.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";
import type { MaybeDim, SymDim } from "../rules/dims.js";
import type { Conclusion, Conclusions, Fact, FactType, InferContext, TensorFactType } from "../rules/fact.js";
import { isModelWide } from "../rules/model-dims.js";
import { isTensor } from "../rules/shapes.js";

/** The facts that a context reads. */
export interface FactSource {
  factOf(value: Value): Fact | undefined;
  elementsOf(fact: Fact): readonly SymDim[] | undefined;
}

type PayloadOf<K extends AttributeKind> = Extract<Attribute, { readonly kind: K }>;

/** The context of an inference rule. A class, because every node of a model gets one. */
export class InferenceContext implements InferContext {
  readonly node: Node;
  readonly opset: number;
  readonly #source: FactSource;
  #flaw: string | undefined;

  constructor(node: Node, opset: number, source: FactSource) {
    this.node = node;
    this.opset = opset;
    this.#source = source;
  }

  /** Why nothing is concluded about the node, once a rule or the reading of an attribute found a reason. */
  get flaw(): string | undefined {
    return this.#flaw;
  }

  has(input: number): boolean {
    return this.node.input(input) !== undefined;
  }

  fact(input: number): Fact | undefined {
    const value = this.node.input(input);
    return value === undefined ? undefined : this.#source.factOf(value);
  }

  type(input: number): FactType | undefined {
    return this.fact(input)?.type;
  }

  dtype(input: number): DType | undefined {
    return this.#tensorType(input)?.dtype;
  }

  shape(input: number): readonly SymDim[] | undefined {
    return this.#tensorType(input)?.shape;
  }

  rank(input: number): number | undefined {
    return this.#tensorType(input)?.shape?.length;
  }

  elements(input: number): readonly SymDim[] | undefined {
    const fact = this.fact(input);
    return fact === undefined ? undefined : this.#source.elementsOf(fact);
  }

  numbers(input: number): readonly number[] | undefined {
    return allNumbers(this.elements(input));
  }

  int(name: string): number | undefined;
  int(name: string, fallback: number): number;
  int(name: string, fallback?: number): number | undefined {
    const attr = this.#payload(name, "int");
    return attr === undefined ? fallback : Number(attr.value);
  }

  bool(name: string, fallback: boolean): boolean {
    return this.int(name, fallback ? 1 : 0) !== 0;
  }

  ints(name: string): readonly number[] | undefined {
    return this.#payload(name, "ints")?.value.map(Number);
  }

  float(name: string): number | undefined {
    return this.#payload(name, "float")?.value;
  }

  floats(name: string): readonly number[] | undefined {
    return this.#payload(name, "floats")?.value;
  }

  text(name: string): string | undefined {
    const attr = this.#payload(name, "string");
    return attr === undefined ? undefined : attributeText(attr.value);
  }

  tensor(name: string): Tensor | undefined {
    return this.#payload(name, "tensor")?.value;
  }

  graph(name: string): Graph | undefined {
    return this.#payload(name, "graph")?.value;
  }

  read(tensor: Tensor): readonly SymDim[] | undefined {
    return this.#source.elementsOf({
      type: { kind: "tensor", dtype: tensor.dtype, shape: tensor.dims },
      tensor,
    });
  }

  bodyFact(value: Value | undefined): Fact | undefined {
    return value === undefined ? undefined : this.#source.factOf(value);
  }

  escaped(value: Value | undefined): Conclusion | undefined {
    const fact = this.bodyFact(value);
    return fact === undefined ? undefined : { type: escapedType(fact.type) };
  }

  reject(reason: string): Conclusions {
    this.#flaw ??= reason;
    return [];
  }

  #tensorType(input: number): TensorFactType | undefined {
    const type = this.fact(input)?.type;
    return type !== undefined && isTensor(type) ? type : undefined;
  }

  #payload<K extends AttributeKind>(name: string, kind: K): PayloadOf<K> | undefined {
    const attr = this.node.attribute(name);
    if (attr === undefined) return undefined;
    if (isKind(attr, kind)) return attr;
    this.#flaw ??= `attribute "${name}" is ${attr.kind}, not ${kind}`;
    return undefined;
  }
}

function isKind<K extends AttributeKind>(attr: Attribute, kind: K): attr is PayloadOf<K> {
  return attr.kind === kind;
}

/** The sizes, where all of them are plain numbers. */
export function allNumbers(dims: readonly MaybeDim[] | undefined): readonly number[] | undefined {
  return dims?.every(isNumber) === true ? dims : undefined;
}

function isNumber(dim: MaybeDim): dim is number {
  return typeof dim === "number";
}

function escapedType(type: FactType<MaybeDim>): FactType<MaybeDim> {
  if (isTensor(type)) {
    return { ...type, shape: type.shape?.map((dim) => (isModelWide(dim) ? dim : undefined)) };
  }
  if (type.kind !== "sequence" && type.kind !== "optional") return type;
  return { kind: type.kind, element: type.element === undefined ? undefined : escapedType(type.element) };
}
