import { errorAsRefusal, NormfoldError, refusalAsError } from "../base/errors.js";
import { isRefusal, type Refusal, refusedAt } from "../base/refusal.js";
import { type ReferenceTensor, referenceFromTensor } from "../float64/tensor.js";
import type { Attribute } from "../ir/attribute.js";
import { type Graph, isStandardDomain, type Node, type Value } from "../ir/graph.js";
import { type FunctionDef, type Model, type OpsetImport, opsetOf } from "../ir/model.js";
import { REFERENCE } from "../ops/reference.js";
import { ReferenceContext } from "../rules/reference/rule.js";
import { errors } from "./errors.js";
import { refusals } from "./refusals.js";

/** What to evaluate. */
export interface ReferenceOptions {
  /** The outputs to compute, by name; only what they need is evaluated. Default: all. */
  readonly outputs?: readonly string[];
}

/** Function calls and bodies inside each other; deeper is a recursion that no valid model has. */
const MAX_DEPTH = 100;

/**
 * Evaluates a model in float64, which for a float32 runtime is as good as the real function that the stored numbers define.
 * Weights are taken exactly as stored, no operation rounds to float32 or float16, and casts between float types keep the
 * value; integers, booleans and quantization behave as ONNX says.
 *
 * Feeds are the graph's inputs by name; inputs with a default may be left out. A value is freed after its last use.
 *
 * Returns the outputs by name, or a Refusal that names the first node without a reference. Throws NormfoldError "usage"
 * when a feed is missing and "invalid" when the model cannot be evaluated by anybody.
 */
export function evaluateReference(
  model: Model,
  feeds: ReadonlyMap<string, ReferenceTensor>,
  options: ReferenceOptions = {},
): ReadonlyMap<string, ReferenceTensor> | Refusal {
  const evaluation = new Evaluation(model);
  const wanted = model.graph.outputs.filter(
    (value) => options.outputs === undefined || options.outputs.includes(value.name),
  );
  const frame = new Frame(undefined, model.opsetImports, new Map());
  for (const input of model.graph.inputs) {
    const feed = feeds.get(input.name);
    if (feed !== undefined && !input.isConstant) frame.values.set(input, feed);
    else if (input.tensor === undefined && input.uses.size > 0) throw errors.feedIsMissing(input.name);
  }
  const results = evaluation.run(model.graph, frame, wanted);
  if (isRefusal(results)) return results;
  return new Map(wanted.map((value, index) => [value.name, results[index]] as const).filter(isFilled));
}

function isFilled<K, V>(entry: readonly [K, V | undefined]): entry is readonly [K, V] {
  return entry[1] !== undefined;
}

/** The values of one run of one graph, and the opsets and attributes that its nodes refer to. */
class Frame {
  readonly values: Map<Value, ReferenceTensor> = new Map<Value, ReferenceTensor>();
  readonly outer: Frame | undefined;
  readonly opsets: readonly OpsetImport[];
  /** The attributes that the caller of the enclosing function sets. */
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly depth: number;

  constructor(
    outer: Frame | undefined,
    opsets: readonly OpsetImport[],
    attributes: ReadonlyMap<string, Attribute>,
    depth: number = (outer?.depth ?? 0) + 1,
  ) {
    this.outer = outer;
    this.opsets = opsets;
    this.attributes = attributes;
    this.depth = depth;
    if (depth > MAX_DEPTH) throw errors.nestingIsTooDeep();
  }

  /** The tensor of a value; a stored constant is decoded at its first use. */
  read(value: Value): ReferenceTensor {
    for (let frame: Frame | undefined = this; frame !== undefined; frame = frame.outer) {
      const found = frame.values.get(value);
      if (found !== undefined) return found;
    }
    if (value.tensor === undefined) {
      if (value.sparse !== undefined) throw errors.constantIsSparseTensor(value.name);
      throw errors.valueIsNotComputedYet(value.name);
    }
    const tensor = referenceFromTensor(value.tensor);
    this.values.set(value, tensor);
    return tensor;
  }

  resolve(attribute: Attribute | undefined): Attribute | undefined {
    return attribute?.kind === "ref" ? this.attributes.get(attribute.ref) : attribute;
  }
}

/** The nodes that the wanted outputs need, in order, each with the values that no later node reads. */
type Schedule = readonly { readonly node: Node; readonly last: readonly Value[] }[];

class Evaluation {
  readonly #functions: ReadonlyMap<string, FunctionDef>;
  readonly #schedules = new Map<Graph, Schedule>();

  constructor(model: Model) {
    this.#functions = new Map(
      model.functions.map((fn) => [functionKey(fn.domain, fn.name, fn.overload), fn] as const),
    );
  }

  /** Evaluates a graph whose inputs are in the frame. `outputs` must be the same each time for a body. */
  run(graph: Graph, frame: Frame, outputs: readonly Value[] = graph.outputs): ReferenceTensor[] | Refusal {
    let schedule = this.#schedules.get(graph);
    if (schedule === undefined) {
      schedule = scheduleOf(graph, outputs);
      this.#schedules.set(graph, schedule);
    }
    for (const { node, last } of schedule) {
      const refusal = this.#step(node, frame);
      if (refusal !== undefined) return refusal;
      for (const value of last) frame.values.delete(value);
    }
    return outputs.map((value) => frame.read(value));
  }

  #step(node: Node, frame: Frame): Refusal | undefined {
    try {
      const results = this.#apply(node, frame);
      if (isRefusal(results)) return results;
      node.outputs.forEach((output, index) => {
        if (output === null || output.uses.size === 0) return;
        const result = results[index];
        if (result === undefined) throw errors.outputHasNoReference(index);
        frame.values.set(output, result);
      });
      return undefined;
    } catch (error) {
      if (error instanceof NormfoldError && error.code === "unsupported")
        return refusedAt(`${node.label} has no float64 reference`, errorAsRefusal(error));
      if (error instanceof NormfoldError) throw error.at({ element: node.label });
      throw error;
    }
  }

  #apply(node: Node, frame: Frame): readonly ReferenceTensor[] | Refusal {
    const fn = this.#functions.get(functionKey(node.domain, node.opType, node.overload));
    if (fn !== undefined) return this.#call(fn, node, frame);
    const rule = isStandardDomain(node.domain) ? REFERENCE.rule(node.opType) : undefined;
    const opset = opsetOf(frame.opsets, node.domain);
    if (rule === undefined || opset === undefined) {
      return refusals.operatorHasNoReference(node.label, isStandardDomain(node.domain) ? "" : node.domain);
    }
    let refusal: Refusal | undefined;
    const context = new ReferenceContext(
      node,
      opset,
      node.inputs.map((value) => (value === null ? undefined : frame.read(value))),
      (name) => frame.resolve(node.attribute(name)),
      (body, inputs) => {
        const inner = new Frame(frame, frame.opsets, frame.attributes);
        body.inputs.forEach((input, index) => {
          const given = inputs[index];
          if (given !== undefined) inner.values.set(input, given);
        });
        const results = this.run(body, inner);
        if (!isRefusal(results)) return results;
        refusal = results;
        throw refusalAsError("unsupported", results);
      },
    );
    try {
      return rule(context);
    } catch (error) {
      // The refusal names the innermost node.
      if (refusal !== undefined) return refusal;
      throw error;
    }
  }

  #call(fn: FunctionDef, node: Node, frame: Frame): ReferenceTensor[] | Refusal {
    const attributes = new Map(fn.attributeDefaults.map((attr) => [attr.name, attr] as const));
    for (const attr of node.attributes.values()) {
      const value = frame.resolve(attr);
      if (value !== undefined) attributes.set(attr.name, value);
    }
    const inner = new Frame(undefined, fn.opsetImports, attributes, frame.depth + 1);
    fn.body.inputs.forEach((input, index) => {
      const given = node.input(index);
      if (given !== undefined) inner.values.set(input, frame.read(given));
    });
    return this.run(fn.body, inner);
  }
}

function functionKey(domain: string | undefined, name: string, overload: string | undefined): string {
  return JSON.stringify([isStandardDomain(domain) ? "" : domain, name, overload ?? ""]);
}

function scheduleOf(graph: Graph, outputs: readonly Value[]): Schedule {
  const seen = new Set<Value>(outputs);
  const steps: { node: Node; last: Value[] }[] = [];
  // On the way backwards the first reader is the last one to run.
  for (let node = graph.last; node !== undefined; node = node.previous) {
    if (!node.outputs.some((value) => value !== null && seen.has(value))) continue;
    const last: Value[] = [];
    for (const value of readsOf(node)) {
      if (seen.has(value)) continue;
      seen.add(value);
      last.push(value);
    }
    steps.push({ node, last });
  }
  return steps.reverse();
}

/** The values that a node reads itself and those that its bodies read from outside. */
function* readsOf(node: Node): Generator<Value, void, undefined> {
  for (const value of node.inputs) if (value !== null) yield value;
  for (const body of node.subgraphs) {
    for (const graph of body.withSubgraphs()) {
      for (const inner of graph.nodes()) for (const value of inner.inputs) if (value !== null) yield value;
      yield* graph.outputs;
    }
  }
}
