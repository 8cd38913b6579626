import type { NormfoldError } from "../../base/errors.js";
import { type ReferenceTensor, referenceFromTensor } from "../../float64/tensor.js";
import { type Attribute, attributeText } from "../../ir/attribute.js";
import type { Graph, Node } from "../../ir/graph.js";
import { errors } from "../errors.js";

/**
 * Computes the outputs of a node in float64, in order; outputs without a reference are left out at the end. Throws an error
 * of code "unsupported" for a form without a reference, and "invalid" for one that no valid model has.
 */
export type ReferenceRule = (c: ReferenceContext) => readonly ReferenceTensor[];

/** Runs a body of the node on its inputs, in a scope that sees the node's own. */
export type RunBody = (body: Graph, inputs: readonly ReferenceTensor[]) => readonly ReferenceTensor[];

/** The context of a reference rule: the computed inputs, and the attributes with references resolved. */
export class ReferenceContext {
  readonly node: Node;
  /** The version of the standard operator set that the node belongs to. */
  readonly opset: number;
  readonly inputs: readonly (ReferenceTensor | undefined)[];
  readonly runBody: RunBody;
  readonly #attribute: (name: string) => Attribute | undefined;

  constructor(
    node: Node,
    opset: number,
    inputs: readonly (ReferenceTensor | undefined)[],
    attribute: (name: string) => Attribute | undefined,
    runBody: RunBody,
  ) {
    this.node = node;
    this.opset = opset;
    this.inputs = inputs;
    this.#attribute = attribute;
    this.runBody = runBody;
  }

  /** Input `index`, or undefined where the node lacks it. */
  optional(index: number): ReferenceTensor | undefined {
    return this.inputs[index];
  }

  /** Input `index`; throws "invalid" where the node lacks it. */
  input(index: number): ReferenceTensor {
    const tensor = this.inputs[index];
    if (tensor === undefined) throw errors.referenceInputIsMissing(index);
    return tensor;
  }

  /** The elements of an input that holds axes, sizes or the like. */
  numbers(index: number): number[] | undefined {
    const tensor = this.inputs[index];
    return tensor === undefined ? undefined : Array.from(tensor.data);
  }

  /** True when the node has output `index`. */
  wants(index: number): boolean {
    return this.node.output(index) !== undefined;
  }

  /** True when the node has the attribute. */
  has(name: string): boolean {
    return this.#attribute(name) !== undefined;
  }

  int(name: string, fallback: number): number {
    const attr = this.#attribute(name);
    return attr?.kind === "int" ? Number(attr.value) : fallback;
  }

  ints(name: string): number[] | undefined {
    const attr = this.#attribute(name);
    return attr?.kind === "ints" ? attr.value.map(Number) : undefined;
  }

  /** The defaults of the specification are float32 as attributes are, so that `fallback` is rounded to float32. */
  float(name: string, fallback: number): number {
    const attr = this.#attribute(name);
    return attr?.kind === "float" ? attr.value : Math.fround(fallback);
  }

  floats(name: string): readonly number[] | undefined {
    const attr = this.#attribute(name);
    return attr?.kind === "floats" ? attr.value : undefined;
  }

  text(name: string, fallback: string): string {
    const attr = this.#attribute(name);
    return attr?.kind === "string" ? attributeText(attr.value) : fallback;
  }

  texts(name: string): readonly string[] | undefined {
    const attr = this.#attribute(name);
    return attr?.kind === "strings" ? attr.value.map(attributeText) : undefined;
  }

  tensor(name: string): ReferenceTensor | undefined {
    const attr = this.#attribute(name);
    return attr?.kind === "tensor" ? referenceFromTensor(attr.value) : undefined;
  }

  graph(name: string): Graph {
    const attr = this.#attribute(name);
    if (attr?.kind !== "graph") throw errors.referenceBodyIsMissing(name);
    return attr.value;
  }
}

/** Throws an error in the place of an expression: `REDUCERS[name] ?? fail(errors.reductionIsUnknown(name))`. */
export function fail(error: NormfoldError): never {
  throw error;
}
