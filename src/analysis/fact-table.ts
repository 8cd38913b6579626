import { NormfoldError } from "../base/errors.js";
import { bitsOf, type DType } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { decodeNumbers, type Tensor } from "../ir/tensor.js";
import { bodyInputRule, inferRule } from "../ops/inference.js";
import { type MaybeDim, type SymDim, sameShape, unknownSymbol } from "../rules/dims.js";
import type { Conclusion, Fact, FactType, TensorFactType } from "../rules/fact.js";
import { type FactConflict, type Facts, MAX_ELEMENTS } from "../rules/facts.js";
import { isTensor } from "../rules/shapes.js";
import { declaredType, joinTypes } from "./declared-type.js";
import { allNumbers, type FactSource, InferenceContext } from "./inference-context.js";
import { OperatorScope } from "./operator-scope.js";
import { sameType } from "./same-type.js";

/** The facts of a model, each computed at its first use. */
export function createFacts(model: Model): Facts {
  return new FactTable(model);
}

class FactTable implements Facts, FactSource {
  readonly #model: Model;
  readonly #scope: OperatorScope;
  /** null for a value whose fact was computed without a result. */
  readonly #known = new Map<Value, Fact | null>();
  readonly #constants = new WeakMap<Tensor, readonly number[] | null>();
  readonly #conflicts: FactConflict[] = [];
  #unknowns = 0;
  #isDated = false;

  constructor(model: Model) {
    this.#model = model;
    this.#scope = new OperatorScope(model);
  }

  get isDated(): boolean {
    return this.#isDated;
  }

  get conflicts(): readonly FactConflict[] {
    return this.#conflicts;
  }

  typeOf(value: Value): FactType | undefined {
    return this.#resolve(value)?.type;
  }

  dtype(value: Value): DType | undefined {
    return this.#tensorType(value)?.dtype;
  }

  rank(value: Value): number | undefined {
    return this.#tensorType(value)?.shape?.length;
  }

  shape(value: Value): readonly SymDim[] | undefined {
    return this.#tensorType(value)?.shape;
  }

  staticShape(value: Value): readonly number[] | undefined {
    return allNumbers(this.#tensorType(value)?.shape);
  }

  elements(value: Value): readonly SymDim[] | undefined {
    const fact = this.#resolve(value);
    if (fact === undefined || !isTensor(fact.type)) return undefined;
    const { dtype } = fact.type;
    return dtype !== undefined && isWhole(dtype) ? this.elementsOf(fact) : undefined;
  }

  numbers(value: Value): readonly number[] | undefined {
    const fact = this.#resolve(value);
    return fact === undefined ? undefined : allNumbers(this.elementsOf(fact));
  }

  opset(node: Node): number | undefined {
    return this.#scope.opset(node);
  }

  isCall(node: Node): boolean {
    return this.#scope.isCall(node);
  }

  forget(value: Value): void {
    this.#known.delete(value);
  }

  replaced(from: Value, to: Value): void {
    const before = this.#known.get(from);
    // No fact was derived from a value whose own fact was never computed.
    if (before === undefined || this.#isDated) return;
    const after = this.#resolve(to);
    this.#isDated = !sameType(before?.type, after?.type) || !this.#sameElements(before, after);
  }

  /** A fact that is known already, for the rules, which do not work out others. */
  factOf(value: Value): Fact | undefined {
    return this.#known.get(value) ?? undefined;
  }

  elementsOf(fact: Fact): readonly SymDim[] | undefined {
    if (fact.elements !== undefined || fact.tensor === undefined) return fact.elements;
    let numbers = this.#constants.get(fact.tensor);
    if (numbers === undefined) {
      numbers = readSmall(fact.tensor) ?? null;
      this.#constants.set(fact.tensor, numbers);
    }
    return numbers ?? undefined;
  }

  #sameElements(a: Fact | null, b: Fact | undefined): boolean {
    const [own, other] = [a && this.elementsOf(a), b && this.elementsOf(b)];
    return own && other ? sameShape(own, other) : !own && !other;
  }

  #tensorType(value: Value): TensorFactType | undefined {
    const type = this.#resolve(value)?.type;
    return type !== undefined && isTensor(type) ? type : undefined;
  }

  /** Computes the fact of a value and of all values before it, with an explicit stack: chains are too long for recursion. */
  #resolve(value: Value): Fact | undefined {
    const found = this.#known.get(value);
    if (found !== undefined) return found ?? undefined;
    const stack = [value];
    const open = new Set<Value>();
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (!this.#known.has(top) && !open.has(top)) {
        open.add(top);
        if (this.#pushMissing(top, stack, open)) continue;
      }
      if (!this.#known.has(top)) this.#conclude(top);
      stack.pop();
    }
    return this.#known.get(value) ?? undefined;
  }

  /** Pushes the values that must be known before `value`; false when all of them are. */
  #pushMissing(value: Value, stack: Value[], open: ReadonlySet<Value>): boolean {
    const before = stack.length;
    const push = (on: Value | null): void => {
      if (on !== null && !this.#known.has(on) && !open.has(on)) stack.push(on);
    };
    const { producer } = value;
    if (producer !== undefined) {
      producer.inputs.forEach(push);
      if (producer.attributes.size > 0) for (const body of producer.subgraphs) body.outputs.forEach(push);
    } else {
      // An input of a body depends on the inputs of the node that owns the body.
      value.graph.owner?.inputs.forEach(push);
    }
    return stack.length > before;
  }

  #conclude(value: Value): void {
    const node = value.producer;
    if (node === undefined) {
      this.#known.set(value, this.#seal(this.#sourceFact(value), value) ?? null);
      return;
    }
    const conclusions = this.#infer(node);
    node.outputs.forEach((output, index) => {
      if (output !== null && !this.#known.has(output))
        this.#known.set(output, this.#seal(conclusions[index], output) ?? null);
    });
  }

  #infer(node: Node): readonly (Conclusion | undefined)[] {
    const rule = this.#hasRule(node) ? inferRule(node.domain, node.opType) : undefined;
    if (rule === undefined) return [];
    const context = this.#contextOf(node);
    const conclusions = rule(context);
    const flaw = context.flaw ?? conclusions.map(impossible).find((reason) => reason !== undefined);
    if (flaw === undefined) return conclusions;
    this.#conflicts.push({ element: node.label, message: flaw });
    return [];
  }

  /** False for a call of a function, and for a node with an attribute that the caller of the enclosing function sets. */
  #hasRule(node: Node): boolean {
    return this.opset(node) !== undefined && !node.hasReferences && !this.isCall(node);
  }

  #contextOf(node: Node): InferenceContext {
    return new InferenceContext(node, this.opset(node) ?? 0, this);
  }

  /** The fact of a graph input or an initializer. */
  #sourceFact(value: Value): Conclusion | undefined {
    const { tensor, sparse } = value;
    const overridable = value.isGraphInput && value.graph.scope.initializersAreDefaults;
    if (tensor !== undefined && !overridable) {
      const type: FactType = { kind: "tensor", dtype: tensor.dtype, shape: tensor.dims };
      return value.isConstant ? { type, tensor } : { type };
    }
    if (sparse !== undefined && !overridable) {
      return { type: { kind: "tensor", dtype: sparse.values.dtype, shape: sparse.dims } };
    }
    const owner = value.graph.owner;
    if (owner === undefined || !value.isGraphInput) return undefined;
    const rule = this.#hasRule(owner) ? bodyInputRule(owner.domain, owner.opType) : undefined;
    const context = this.#contextOf(owner);
    const fact = rule?.(context, value.graph, value.graph.inputs.indexOf(value));
    return context.flaw === undefined ? fact : undefined;
  }

  /** Joins the conclusion with the declaration, and gives every unknown size and element a symbol of its own. */
  #seal(conclusion: Conclusion | undefined, value: Value): Fact | undefined {
    const type = joinTypes(conclusion?.type, declaredType(value, this.#model), (message) =>
      this.#conflicts.push({ element: `"${value.name}"`, message }),
    );
    if (type === undefined) return undefined;
    const sealed = this.#sealType(type);
    const count = isTensor(sealed) ? countOf(allNumbers(sealed.shape)) : undefined;
    const elements = conclusion?.elements;
    const isUseful =
      elements !== undefined &&
      elements.length <= MAX_ELEMENTS &&
      (count === undefined || count === elements.length) &&
      elements.some((dim) => dim !== undefined);
    const tensor = count === undefined || count === conclusion?.tensor?.size ? conclusion?.tensor : undefined;
    return {
      type: sealed,
      elements: isUseful
        ? elements.map((dim) => dim ?? unknownSymbol(this.#unknowns++, Number.NEGATIVE_INFINITY))
        : undefined,
      tensor,
    };
  }

  #sealType(type: FactType<MaybeDim>): FactType {
    if (!isTensor(type)) return type;
    const { dtype, shape } = type;
    if (shape === undefined || isKnown(shape)) return { kind: type.kind, dtype, shape };
    return { ...type, shape: type.shape?.map((dim) => dim ?? unknownSymbol(this.#unknowns++)) };
  }
}

/** Whether every size has a number or a symbol, so that the list can be kept as it is. */
function isKnown(shape: readonly MaybeDim[]): shape is readonly SymDim[] {
  return !shape.includes(undefined);
}

function countOf(dims: readonly number[] | undefined): number | undefined {
  return dims?.reduce((count, dim) => count * dim, 1);
}

/** Why no value can have the concluded type; undefined where one can. */
function impossible(conclusion: Conclusion | undefined): string | undefined {
  const type = conclusion?.type;
  if (type === undefined || !isTensor(type)) return undefined;
  const negative = type.shape?.find((dim) => typeof dim === "number" && !(dim >= 0));
  return negative === undefined ? undefined : `the output would have size ${String(negative)}`;
}

function isWhole(dtype: DType): boolean {
  return dtype === "bool" || /^u?int/.test(dtype);
}

/** The elements of a small tensor of numbers; undefined when it is too large, not of numbers, or cannot be read. */
function readSmall(tensor: Tensor): readonly number[] | undefined {
  if (tensor.size > MAX_ELEMENTS || bitsOf(tensor.dtype) === 0) return undefined;
  try {
    const bytes = tensor.bytes();
    if (bytes.length < tensor.byteLength) return undefined;
    return Array.from(decodeNumbers(tensor.dtype, bytes, tensor.size));
  } catch (error) {
    if (error instanceof NormfoldError && error.code !== "internal") return undefined;
    throw error;
  }
}
