import { product } from "../base/integers.js";
import { bitsOf, byteLengthOf, type DType } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
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
    const sizes = this.#sizesOf(node);
    const bound = declaration.bound === undefined ? undefined : BOUND_RULES[declaration.bound](sizes);
    if (bound !== undefined) {
      for (const output of node.outputs) if (output !== null) this.#bounds.set(output, bound);
    }
    const work: Work | undefined =
      declaration.work === undefined ? { operations: 0 } : WORK_RULES[declaration.work](sizes);
    if (work === undefined) return undefined;
    let [bytes, operations] = [(work.scratch ?? 0) * SCRATCH_BYTES, work.operations];
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

  #sizesOf(node: Node): NodeSizes {
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
