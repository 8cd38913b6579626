import { NormfoldError } from "../base/errors.js";
import type { DType } from "../ir/dtype.js";
import { bitsOf } from "../ir/dtype.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import { isStandardDomain } from "../ir/graph.js";
import { type FunctionDef, type Model, type OpsetImport, opsetOf } from "../ir/model.js";
import { decodeNumbers, type Tensor } from "../ir/tensor.js";
import type { ValueType } from "../ir/type.js";
import { allNumbers, RuleContext } from "./context.js";
import { type MaybeDim, type SymDim, sameShape, symbol, unknownSymbol } from "./dims.js";
import type { Conclusion, Fact, FactType, TensorFactType } from "./fact.js";
import { lookupOperator } from "./registry.js";
import { sameType } from "./same-type.js";
import { isTensor } from "./shapes.js";

/** Tensors of more elements are never read, so weights never are. */
export const MAX_ELEMENTS = 64;

/** A place where a model contradicts itself; the facts there are the inferred ones, or none. */
export interface FactConflict {
  /** The label of the node, or the name of the value. */
  readonly element: string;
  readonly message: string;
}

/**
 * What is known about the values of a model: types, symbolic shapes, the elements of small tensors. Worked out when
 * asked for and kept; rewrites preserve what values mean, so nothing needs to be forgotten after one, though more may be
 * known afresh (`isDated`). Answers may be less precise than the truth (undefined), never wrong for a valid model.
 */
export interface Facts {
  typeOf(value: Value): FactType | undefined;
  dtype(value: Value): DType | undefined;
  rank(value: Value): number | undefined;
  /** undefined: the rank is not known. Unknown sizes are symbols of their own. */
  shape(value: Value): readonly SymDim[] | undefined;
  /** The shape when all sizes are numbers. */
  staticShape(value: Value): readonly number[] | undefined;
  /** The elements, in row-major order, of an integer or boolean (0, 1) tensor of up to MAX_ELEMENTS elements. */
  elements(value: Value): readonly SymDim[] | undefined;
  /** The elements of a tensor of numbers of up to MAX_ELEMENTS elements when they are all known numbers. */
  numbers(value: Value): readonly number[] | undefined;
  /** The version of the operator set that the node is in; undefined when its domain is not imported. */
  opset(node: Node): number | undefined;
  /** True when the node calls a function of the model, which takes precedence over an operator of the same name. */
  isCall(node: Node): boolean;
  /** Drops what is kept about a value, for an edit that changes what it means. */
  forget(value: Value): void;
  /** Notes that what had read `from` reads `to` from now on, of which more may be known. */
  replaced(from: Value, to: Value): void;
  /** True once something was worked out from a value that more is known of since: facts worked out afresh are sharper. */
  readonly isDated: boolean;
  /** The contradictions met so far. */
  readonly conflicts: readonly FactConflict[];
}

export function createFacts(model: Model): Facts {
  /** null: worked out, and nothing is known. */
  const known = new Map<Value, Fact | null>();
  const constants = new WeakMap<Tensor, readonly number[] | null>();
  const imports = new WeakMap<Graph, readonly OpsetImport[]>();
  const conflicts: FactConflict[] = [];
  let unknowns = 0;
  let isDated = false;
  let callees = calleesOf(model);

  const source = { fact: (value: Value) => known.get(value) ?? undefined, elements: elementsOf };

  function elementsOf(fact: Fact): readonly SymDim[] | undefined {
    if (fact.elements !== undefined || fact.tensor === undefined) return fact.elements;
    let numbers = constants.get(fact.tensor);
    if (numbers === undefined) {
      numbers = readSmall(fact.tensor) ?? null;
      constants.set(fact.tensor, numbers);
    }
    return numbers ?? undefined;
  }

  function sameElements(a: Fact | null, b: Fact | undefined): boolean {
    const [own, other] = [a && elementsOf(a), b && elementsOf(b)];
    return own && other ? sameShape(own, other) : !own && !other;
  }

  function importsOf(node: Node): readonly OpsetImport[] {
    let graph = node.graph;
    while (graph?.parent !== undefined) graph = graph.parent;
    if (graph === undefined || graph === model.graph) return model.opsetImports;
    let found = imports.get(graph);
    if (found === undefined) {
      found = model.functions.find((fn) => fn.body === graph)?.opsetImports ?? model.opsetImports;
      imports.set(graph, found);
    }
    return found;
  }

  function opset(node: Node): number | undefined {
    return opsetOf(importsOf(node), node.domain);
  }

  function facetsOf(node: Node): ReturnType<typeof lookupOperator> {
    const version = opset(node);
    if (version === undefined || node.hasReferences || isCall(node)) return undefined;
    return lookupOperator(node.domain, node.opType, version);
  }

  function isCall(node: Node): boolean {
    if (callees.of !== model.functions) {
      callees = calleesOf(model);
    }
    return callees.keys.size > 0 && callees.keys.has(calleeKey(node.domain, node.opType));
  }

  /** Puts what must be known before `value` on the stack; false when there is nothing. */
  function pushMissing(value: Value, stack: Value[], open: ReadonlySet<Value>): boolean {
    const before = stack.length;
    const push = (on: Value | null): void => {
      if (on !== null && !known.has(on) && !open.has(on)) stack.push(on);
    };
    const { producer } = value;
    if (producer !== undefined) {
      producer.inputs.forEach(push);
      if (producer.attributes.size > 0) for (const body of producer.subgraphs) body.outputs.forEach(push);
    } else {
      // The input of a body stands on the inputs of the node around it.
      value.graph.owner?.inputs.forEach(push);
    }
    return stack.length > before;
  }

  /** Works out a value and all that it stands on; with a stack of its own, since chains are long. */
  function resolve(value: Value): Fact | undefined {
    const found = known.get(value);
    if (found !== undefined) return found ?? undefined;
    const stack = [value];
    const open = new Set<Value>();
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (!known.has(top) && !open.has(top)) {
        open.add(top);
        if (pushMissing(top, stack, open)) continue;
      }
      if (!known.has(top)) conclude(top);
      stack.pop();
    }
    return known.get(value) ?? undefined;
  }

  function conclude(value: Value): void {
    const node = value.producer;
    if (node === undefined) {
      known.set(value, seal(sourceFact(value), value) ?? null);
      return;
    }
    const facts = infer(node);
    node.outputs.forEach((output, index) => {
      if (output !== null && !known.has(output)) known.set(output, seal(facts[index], output) ?? null);
    });
  }

  function infer(node: Node): readonly (Conclusion | undefined)[] {
    const rule = facetsOf(node)?.infer;
    if (rule === undefined) return [];
    const context = new RuleContext(node, opset(node) ?? 0, source);
    const facts = rule(context);
    const flaw = context.flaw ?? facts.map(impossible).find((reason) => reason !== undefined);
    if (flaw === undefined) return facts;
    conflicts.push({ element: node.label, message: flaw });
    return [];
  }

  /** A graph input or an initializer. */
  function sourceFact(value: Value): Conclusion | undefined {
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
    const context = new RuleContext(owner, opset(owner) ?? 0, source);
    const fact = facetsOf(owner)?.bodyInput?.(context, value.graph, value.graph.inputs.indexOf(value));
    return context.flaw === undefined ? fact : undefined;
  }

  /** Joins the conclusion with the declaration, and gives what is still unknown symbols of its own. */
  function seal(conclusion: Conclusion | undefined, value: Value): Fact | undefined {
    const type = combine(conclusion?.type, declared(value), value);
    if (type === undefined) return undefined;
    const sealed = sealType(type);
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
        ? elements.map((dim) => dim ?? unknownSymbol(unknowns++, Number.NEGATIVE_INFINITY))
        : undefined,
      tensor,
    };
  }

  function sealType(type: FactType<MaybeDim>): FactType {
    if (isTensor(type)) return { ...type, shape: type.shape?.map((dim) => dim ?? unknownSymbol(unknowns++)) };
    return type;
  }

  /**
   * Symbols are taken from the inputs of the model alone: a name on an inner value is what some tool once thought, and
   * models reuse names such as "unk" for sizes that differ.
   */
  function declared(value: Value): FactType<MaybeDim> | undefined {
    const named = value.graph === model.graph && value.isGraphInput;
    if (value.type === undefined) return undefined;
    const type = fromDeclaration(value.type, named);
    if (type === undefined || !isTensor(type) || type.shape === undefined || value.isGraphInput) return type;
    // Old converters write an empty shape, which is a scalar's, for what they know nothing about, and for the outputs
    // of a model the sizes of one example run.
    if (type.shape.length === 0) return { ...type, shape: undefined };
    const isModelOutput = value.graph === model.graph && value.isGraphOutput;
    return isModelOutput ? { ...type, shape: type.shape.map(() => undefined) } : type;
  }

  function combine(
    inferred: FactType<MaybeDim> | undefined,
    declaration: FactType<MaybeDim> | undefined,
    value: Value,
  ): FactType<MaybeDim> | undefined {
    if (inferred === undefined || declaration === undefined) return inferred ?? declaration;
    if (!isTensor(inferred) || !isTensor(declaration)) {
      if (inferred.kind !== declaration.kind)
        note(value, `declared ${declaration.kind}, is ${inferred.kind}`);
      return inferred;
    }
    if (
      inferred.dtype !== undefined &&
      declaration.dtype !== undefined &&
      inferred.dtype !== declaration.dtype
    ) {
      note(value, `declared ${declaration.dtype}, is ${inferred.dtype}`);
    }
    const dtype = inferred.dtype ?? declaration.dtype;
    const { shape } = declaration;
    if (inferred.shape === undefined || shape === undefined) {
      return { kind: inferred.kind, dtype, shape: inferred.shape ?? shape };
    }
    if (inferred.shape.length !== shape.length) {
      note(value, `declared with rank ${shape.length}, has rank ${inferred.shape.length}`);
      return { ...inferred, dtype };
    }
    const dims = inferred.shape.map((dim, axis) => {
      const size = shape[axis];
      if (typeof dim === "number" && typeof size === "number" && dim !== size) {
        note(value, `declared with size ${size} on axis ${axis}, has size ${dim}`);
      }
      return dim ?? size;
    });
    return { kind: inferred.kind, dtype, shape: dims };
  }

  function note(value: Value, message: string): void {
    conflicts.push({ element: `"${value.name}"`, message });
  }

  function tensorType(value: Value): TensorFactType | undefined {
    const type = resolve(value)?.type;
    return type !== undefined && isTensor(type) ? type : undefined;
  }

  return {
    typeOf: (value) => resolve(value)?.type,
    dtype: (value) => tensorType(value)?.dtype,
    rank: (value) => tensorType(value)?.shape?.length,
    shape: (value) => tensorType(value)?.shape,
    staticShape: (value) => allNumbers(tensorType(value)?.shape),
    elements(value) {
      const fact = resolve(value);
      const dtype = tensorType(value)?.dtype;
      if (fact === undefined || dtype === undefined || !isWhole(dtype)) return undefined;
      return elementsOf(fact);
    },
    numbers(value) {
      const fact = resolve(value);
      return fact === undefined ? undefined : allNumbers(elementsOf(fact));
    },
    opset,
    isCall,
    forget(value) {
      known.delete(value);
    },
    replaced(from, to) {
      const before = known.get(from);
      // What was never asked for has taught nothing.
      if (before === undefined || isDated) return;
      const after = resolve(to);
      isDated = !sameType(before?.type, after?.type) || !sameElements(before, after);
    },
    get isDated() {
      return isDated;
    },
    conflicts,
  };
}

interface Callees {
  readonly of: readonly FunctionDef[];
  readonly keys: ReadonlySet<string>;
}

function calleesOf(model: Model): Callees {
  return { of: model.functions, keys: new Set(model.functions.map((fn) => calleeKey(fn.domain, fn.name))) };
}

function calleeKey(domain: string | undefined, name: string): string {
  return isStandardDomain(domain) ? name : `${domain}.${name}`;
}

function countOf(dims: readonly number[] | undefined): number | undefined {
  return dims?.reduce((count, dim) => count * dim, 1);
}

/** A reason why no value can have the type that a rule came to. */
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

/** Names that converters write for "not known", on sizes that have nothing to do with each other. */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  "",
  "?",
  "None",
  "none",
  "unk",
  "unknown",
  "-1",
  "dynamic",
]);

function fromDeclaration(type: ValueType, named: boolean): FactType<MaybeDim> | undefined {
  switch (type.kind) {
    case "tensor":
    case "sparse_tensor":
      return {
        kind: type.kind,
        dtype: type.dtype === "undefined" ? undefined : type.dtype,
        shape: type.shape?.map((dim) => {
          // Old converters write 0 and -1 for sizes that are not known.
          if (typeof dim === "number") return Number.isSafeInteger(dim) && dim > 0 ? dim : undefined;
          return named && dim !== undefined && !PLACEHOLDERS.has(dim) ? symbol(dim) : undefined;
        }),
      };
    case "sequence":
    case "optional":
      return {
        kind: type.kind,
        element: type.element === undefined ? undefined : fromDeclaration(type.element, false),
      };
    case "map":
    case "opaque":
      return { kind: type.kind };
  }
}
