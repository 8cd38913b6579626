import { product } from "../base/integers.js";
import { bitsOf, byteLengthOf, type DType } from "../ir/dtype.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { declarationOf, hasTrait } from "../ops/catalogue.js";
import type { FactType } from "../rules/fact.js";
import type { Facts } from "../rules/facts.js";
import { evaluateDim } from "../rules/model-dims.js";
import { BOUND_RULES, type NodeSizes, WORK_RULES, type Work } from "../rules/work.js";

/** What a run takes. */
export interface Estimate {
  /** The most bytes of values at one time, in floating point beyond 2^53. */
  readonly bytes: number;
  /** Multiply-adds and other operations on elements. */
  readonly operations: number;
  /** False where some sizes are not known: the run takes at least this. */
  readonly isComplete: boolean;
}

/** What one node takes: the bytes of its outputs and of its scratch memory, and its operations. */
export type NodeEstimate = Omit<Estimate, "isComplete">;

/** Sizes of symbols by name. */
export type Sizes = ReadonlyMap<string, number>;

const NO_SIZES: Sizes = new Map();

/**
 * Predicts what nodes take from inferred sizes, before anything is computed. Nodes are asked about in the order of the
 * graph, because sequences and outputs whose sizes only a run tells are bounded by what went into them.
 */
export class Estimator {
  readonly #facts: Facts;
  readonly #sizes: Sizes;
  /** The most elements of values whose type does not say it. */
  readonly #bounds = new Map<Value, number>();

  /** `sizes` are the sizes of this run for the symbols of the facts. */
  constructor(facts: Facts, sizes: Sizes = NO_SIZES) {
    this.#facts = facts;
    this.#sizes = sizes;
  }

  /** The dims of a tensor; undefined where they are not all known. */
  dims(value: Value): readonly number[] | undefined {
    const shape = this.#facts.shape(value);
    const dims = shape?.map((dim) => evaluateDim(dim, this.#sizes));
    return dims?.every((dim) => dim !== undefined) === true ? dims : undefined;
  }

  /** The most elements of a value. */
  elements(value: Value): number | undefined {
    const dims = this.dims(value);
    // A product of many sizes may be infinite before it meets a 0.
    if (dims !== undefined) return dims.includes(0) ? 0 : product(dims);
    return this.#bounds.get(value);
  }

  /** The most bytes of a value; undefined where they are not known, as for strings that are computed. */
  bytes(value: Value): number | undefined {
    if (value.tensor !== undefined) return value.tensor.byteLength;
    const elements = this.elements(value);
    const dtype = elementType(this.#facts.typeOf(value));
    if (elements === undefined || dtype === undefined || bitsOf(dtype) === 0) return undefined;
    return byteLengthOf(dtype, elements);
  }

  /** What the node takes; undefined where that is not known. Bodies of control flow and functions are not looked into. */
  node(node: Node): NodeEstimate | undefined {
    const declaration = declarationOf(node);
    if (declaration === undefined || this.#facts.isCall(node) || node.subgraphs.length > 0) return undefined;
    const sizes = this.sizesOf(node);
    const bound = declaration.bound === undefined ? undefined : BOUND_RULES[declaration.bound](sizes);
    if (bound !== undefined) {
      for (const output of node.outputs) if (output !== null) this.#bounds.set(output, bound);
    }
    const work: Work | undefined = declaration.work === undefined ? {} : WORK_RULES[declaration.work](sizes);
    if (work === undefined) return undefined;
    const { multiplyAdds = 0, others = 0, scratch = 0 } = work;
    let [bytes, operations] = [scratch * SCRATCH_BYTES, multiplyAdds + others];
    for (const output of node.outputs) {
      if (output === null) continue;
      const [size, elements] = [this.bytes(output), this.elements(output)];
      if (size === undefined || elements === undefined) return undefined;
      bytes += size;
      operations += elements;
    }
    // A view reads nothing, and neither does an operator of sizes.
    if (!hasTrait(node, "view") && !hasTrait(node, "givesSizes"))
      for (const input of node.inputs.keys()) operations += sizes.elements(input) ?? 0;
    return { bytes, operations };
  }

  /** The iterations of a Loop that nothing ends earlier, or of a Scan. */
  trips(node: Node): number | undefined {
    if (node.is("Scan")) {
      const scanned = node.int("num_scan_inputs", 0);
      const input = node.input(node.inputs.length - scanned);
      return input === undefined ? undefined : this.dims(input)?.[node.ints("scan_input_axes")?.[0] ?? 0];
    }
    if (!node.is("Loop")) return undefined;
    const [count, condition, body] = [node.input(0), node.input(1), node.subgraphs[0]];
    const goesOn = body?.outputs[0];
    const isPassed = goesOn === body?.inputs[1] || goesOn?.producer?.input(0) === body?.inputs[1];
    const starts = condition === undefined || this.#facts.numbers(condition)?.[0] === 1;
    return count === undefined || !isPassed || !starts ? undefined : this.#facts.numbers(count)?.[0];
  }

  /** The sizes that the rules of operators ask for. */
  sizesOf(node: Node): NodeSizes {
    const dimsOf = (value: Value | undefined): readonly number[] | undefined =>
      value === undefined ? undefined : this.dims(value);
    return {
      node,
      input: (index) => dimsOf(node.input(index)),
      output: (index) => dimsOf(node.output(index)),
      elements: (index) => {
        const value = node.input(index);
        return value === undefined ? 0 : this.elements(value);
      },
    };
  }
}

/** Kernels keep what they hold besides in the type they compute in, mostly float. */
const SCRATCH_BYTES = 4;

/** The type of the elements of a tensor, or of the tensors in a sequence or optional. */
function elementType(type: FactType<unknown> | undefined): DType | undefined {
  if (type === undefined) return undefined;
  if (type.kind === "tensor" || type.kind === "sparse_tensor") return type.dtype;
  return type.kind === "sequence" || type.kind === "optional" ? elementType(type.element) : undefined;
}

/**
 * The least that a run of the model's graph takes with inputs of these dims, by name: values live from their node to their
 * last reader; constants are not counted. Values of unknown size, sequences among them, take nothing, of two branches the
 * lesser one counts, and a loop runs as often as is known, or once.
 */
export function estimateRun(
  model: Model,
  facts: Facts,
  inputs: ReadonlyMap<string, readonly number[]>,
): Estimate {
  return new Run(facts, sizesOfRun(model, facts, inputs)).graph(model.graph);
}

/** The sizes of the symbols that the inputs of a model are declared with, where the inputs have these dims by name. */
export function sizesOfRun(
  model: Model,
  facts: Facts,
  inputs: ReadonlyMap<string, readonly number[]>,
): Sizes {
  const sizes = new Map<string, number>();
  for (const value of model.graph.inputs) {
    const dims = inputs.get(value.name);
    facts.shape(value)?.forEach((dim, axis) => {
      const size = dims?.[axis];
      const atom = typeof dim === "number" || dim.terms.length !== 1 ? undefined : dim.terms[0]?.atoms[0];
      if (size !== undefined && atom?.kind === "symbol") sizes.set(atom.name, size);
    });
  }
  return sizes;
}

/** The walk through the graphs of one run. Bodies are no deeper than a file may nest them. */
class Run {
  readonly #estimator: Estimator;

  constructor(facts: Facts, sizes: Sizes) {
    this.#estimator = new Estimator(facts, sizes);
  }

  graph(graph: Graph): Estimate {
    let [live, peak, operations, isComplete] = [0, 0, 0, true];
    const remaining = new Map<Value, number>();
    const bytesOf = (value: Value | null): number =>
      value === null || this.#estimator.dims(value) === undefined ? 0 : (this.#estimator.bytes(value) ?? 0);
    for (const node of graph.nodes()) {
      const inner = node.subgraphs.length === 0 ? this.#estimator.node(node) : this.#bodies(node);
      if (inner === undefined || ("isComplete" in inner && !inner.isComplete)) isComplete = false;
      operations += inner?.operations ?? 0;
      let made = 0;
      for (const output of node.outputs) {
        if (output === null) continue;
        made += bytesOf(output);
        remaining.set(output, output.uses.size);
      }
      let freed = 0;
      for (const value of new Set(node.inputs)) {
        const uses = value === null ? undefined : remaining.get(value);
        if (value === null || uses === undefined) continue;
        const left = uses - node.inputs.filter((other) => other === value).length;
        remaining.set(value, left);
        if (left === 0) freed += bytesOf(value);
      }
      // Views and elementwise operators may write over what they read last.
      const reuses = hasTrait(node, "view") || hasTrait(node, "pointwise");
      // Scratch memory is an upper bound, and kernels differ in it.
      const during = node.subgraphs.length === 0 ? made : Math.max(made, inner?.bytes ?? 0);
      peak = Math.max(peak, live + during - (reuses ? Math.min(freed, made) : 0));
      live += made - freed;
    }
    return { bytes: peak, operations, isComplete };
  }

  /** What a node with bodies takes beside its outputs. */
  #bodies(node: Node): Estimate {
    const [first, ...others] = node.subgraphs.map((body) => this.graph(body));
    if (first === undefined || !node.is("If", "Loop", "Scan"))
      return { bytes: 0, operations: 0, isComplete: false };
    if (node.is("If")) {
      const least = others.reduce(
        (a, b) => (a.bytes + a.operations <= b.bytes + b.operations ? a : b),
        first,
      );
      return { ...least, isComplete: false };
    }
    const trips = this.#estimator.trips(node);
    return {
      bytes: first.bytes,
      operations: first.operations * (trips ?? 1),
      isComplete: first.isComplete && trips !== undefined,
    };
  }
}
