import type { Attribute, AttributeKind } from "../ir/attribute.js";
import { attributeText } from "../ir/attribute.js";
import type { DType } from "../ir/dtype.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";
import { isModelWide, type MaybeDim, type SymDim } from "./dims.js";
import type { Conclusion, Conclusions, Fact, FactType, InferContext } from "./fact.js";
import { isTensor } from "./shapes.js";

/** Where a context gets what is known already. */
export interface FactSource {
  fact(value: Value): Fact | undefined;
  elements(fact: Fact): readonly SymDim[] | undefined;
}

export interface RuleContext extends InferContext {
  /** Why the node is to be left opaque, once a rule or an attribute access has found a reason. */
  readonly flaw: string | undefined;
}

type PayloadOf<K extends AttributeKind> = Extract<Attribute, { readonly kind: K }>;

export function createContext(node: Node, opset: number, source: FactSource): RuleContext {
  let flaw: string | undefined;

  function payload<K extends AttributeKind>(name: string, kind: K): PayloadOf<K> | undefined {
    const attr = node.attribute(name);
    if (attr === undefined) return undefined;
    if (isKind(attr, kind)) return attr;
    flaw ??= `attribute "${name}" is ${attr.kind}, not ${kind}`;
    return undefined;
  }
  function fact(input: number): Fact | undefined {
    const value = node.input(input);
    return value === undefined ? undefined : source.fact(value);
  }
  function tensorType(input: number): Extract<FactType, { dtype: unknown }> | undefined {
    const type = fact(input)?.type;
    return type !== undefined && isTensor(type) ? type : undefined;
  }
  function elements(input: number): readonly SymDim[] | undefined {
    const known = fact(input);
    return known === undefined ? undefined : source.elements(known);
  }
  function int(name: string): number | undefined;
  function int(name: string, fallback: number): number;
  function int(name: string, fallback?: number): number | undefined {
    const attr = payload(name, "int");
    return attr === undefined ? fallback : Number(attr.value);
  }
  return {
    node,
    opset,
    get flaw() {
      return flaw;
    },
    has: (input) => node.input(input) !== undefined,
    fact,
    type: (input) => fact(input)?.type,
    dtype: (input): DType | undefined => tensorType(input)?.dtype,
    shape: (input) => tensorType(input)?.shape,
    rank: (input) => tensorType(input)?.shape?.length,
    elements,
    numbers: (input) => allNumbers(elements(input)),
    int,
    bool: (name, fallback) => int(name, fallback ? 1 : 0) !== 0,
    ints: (name) => payload(name, "ints")?.value.map(Number),
    float: (name) => payload(name, "float")?.value,
    text(name) {
      const attr = payload(name, "string");
      return attr === undefined ? undefined : attributeText(attr.value);
    },
    read: (tensor) =>
      source.elements({ type: { kind: "tensor", dtype: tensor.dtype, shape: tensor.dims }, tensor }),
    tensor: (name): Tensor | undefined => payload(name, "tensor")?.value,
    graph: (name): Graph | undefined => payload(name, "graph")?.value,
    bodyFact: (value) => (value === undefined ? undefined : source.fact(value)),
    escaped: (value) => (value === undefined ? undefined : escapeFact(source.fact(value))),
    reject(reason): Conclusions {
      flaw ??= reason;
      return [];
    },
  };
}

function isKind<K extends AttributeKind>(attr: Attribute, kind: K): attr is PayloadOf<K> {
  return attr.kind === kind;
}

export function allNumbers(dims: readonly MaybeDim[] | undefined): readonly number[] | undefined {
  const numbers = dims?.filter((dim) => typeof dim === "number");
  return numbers?.length === dims?.length ? numbers : undefined;
}

function escapeFact(fact: Fact | undefined): Conclusion | undefined {
  return fact === undefined ? undefined : { type: escapeType(fact.type) };
}

function escapeType(type: FactType<MaybeDim>): FactType<MaybeDim> {
  if (isTensor(type)) {
    return { ...type, shape: type.shape?.map((dim) => (isModelWide(dim) ? dim : undefined)) };
  }
  if (type.kind === "sequence" || type.kind === "optional") {
    return {
      kind: type.kind,
      element: type.element === undefined ? undefined : escapeType(type.element),
    };
  }
  return { kind: type.kind };
}
