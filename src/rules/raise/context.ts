import { present } from "../../base/assert.js";
import { refusalAsError } from "../../base/errors.js";
import { type Refusal, refusedAt } from "../../base/refusal.js";
import { type AttributeInit, attribute } from "../../ir/attribute.js";
import { Builder, type BuilderInput, DIRECT_EDITOR } from "../../ir/builder.js";
import type { DType } from "../../ir/dtype.js";
import { isFloat } from "../../ir/dtype.js";
import type { Graph, Node, Value } from "../../ir/graph.js";
import type { StandardOperator } from "../../ir/operator-name.js";
import { tensorFromBigInts, tensorFromNumbers } from "../../ir/tensor.js";
import type { SymDim } from "../dims.js";
import type { OperatorTable } from "../operator.js";
import { refusals } from "../refusals.js";
import { handOver, retype } from "./handover.js";

/** The facts of a value, from the model before it was raised. */
export interface Knowledge {
  readonly dtype: DType | undefined;
  readonly shape: readonly SymDim[] | undefined;
  /** The elements of a small constant. */
  readonly numbers: readonly number[] | undefined;
}

/** Looks up the facts of a value; undefined for values that a step added. */
export type Knower = (value: Value) => Knowledge | undefined;

/**
 * Rewrites a node from its form before an opset into its form from that opset on, with the same outputs. Nodes that the
 * step adds have the newer form too.
 */
export type RaiseStep = (at: RaiseContext) => void;

/** The steps of a family, one for each breaking change of each operator. A missing step is a type error. */
export type RaiseTable<Table extends OperatorTable> = {
  readonly [Name in keyof Table as Table[Name] extends { readonly breaking: readonly number[] }
    ? Name
    : never]: Table[Name] extends { readonly breaking: readonly (infer Version extends number)[] }
    ? Readonly<Record<Version, RaiseStep>>
    : never;
};

/** The first opset with Constant's value_int, value_ints and value_float, which may refer to attributes of a function. */
const CONSTANT_VALUES = 12;
/** The first opset with CastLike. */
const CAST_LIKE = 15;

/** Adds nodes and constants to one graph, and keeps the nodes for their own steps. Equal constants are added once. */
export class Workbench {
  readonly build: Builder;
  readonly added: Node[] = [];
  readonly #ints = new Map<string, Value>();

  constructor(graph: Graph) {
    this.build = new Builder(graph, {
      editor: {
        addNode: (to, init, before) => {
          const node = to.addNode(init, before);
          this.added.push(node);
          return node;
        },
        addConstant: DIRECT_EDITOR.addConstant,
      },
    });
  }

  /** An int64 vector; bigints, because the ends of a Slice are often beyond 2^53. */
  ints(values: readonly bigint[]): Value {
    // A function body has Constant nodes, which serve only the nodes after them.
    if (this.build.graph.isFunctionBody)
      return this.build.constant(tensorFromBigInts([values.length], values));
    const key = values.join(" ");
    const known = this.#ints.get(key);
    if (known !== undefined) return known;
    const value = this.build.constant(tensorFromBigInts([values.length], values));
    this.#ints.set(key, value);
    return value;
  }
}

/** A node that is being raised, with the questions and changes that a step may use. */
export class RaiseContext {
  /** The node in its present form; changing its operator replaces it. */
  node: Node;
  readonly graph: Graph;
  /** The operator of the node before the raise. */
  readonly origin: string;
  /** The opset of the present step. */
  version: number;
  /** The last opset, which the whole model is raised to. */
  readonly target: number;
  readonly #bench: Workbench;
  readonly #know: Knower;

  constructor(node: Node, bench: Workbench, know: Knower, version: number, target: number) {
    this.node = node;
    this.graph = present(node.graph, "the node is in a graph");
    this.origin = node.opType;
    this.version = version;
    this.target = target;
    this.#bench = bench;
    this.#know = know;
  }

  /** Gives up raising the model because of this node; the error keeps the refusal's id. */
  refuse(refusal: Refusal): never {
    const refused = refusedAt(`cannot be raised to opset ${this.version}`, refusal);
    throw refusalAsError("unsupported", refused).at({ element: this.node.label });
  }

  /** Input `index` of the node in its present form. */
  input(index: number): Value | undefined {
    return this.node.input(index);
  }

  /** The facts of input `index`. */
  know(index: number): Knowledge | undefined {
    const value = this.node.input(index);
    return value === undefined ? undefined : this.#know(value);
  }

  /** The rank of input `index`. */
  rank(index: number): number | undefined {
    return this.know(index)?.shape?.length;
  }

  /** An INT attribute that the step decides by. */
  int(name: string, fallback: number): number {
    this.#requirePlain(name);
    return this.node.int(name, fallback);
  }

  /** A STRING attribute that the step decides by. */
  string(name: string, fallback: string): string {
    this.#requirePlain(name);
    return this.node.string(name, fallback);
  }

  /** A FLOAT attribute that the step decides by. */
  float(name: string): number | undefined {
    this.#requirePlain(name);
    return this.node.float(name);
  }

  #requirePlain(name: string): void {
    if (this.node.attribute(name)?.kind === "ref") this.refuse(refusals.attributeIsSetByCaller(name));
  }

  /** Sets an attribute. */
  set(name: string, value: AttributeInit): void {
    this.node.set(attribute(name, value));
  }

  /** Sets an attribute that the node lacks. */
  setDefault(name: string, value: AttributeInit): void {
    if (!this.node.attributes.has(name)) this.set(name, value);
  }

  /** Adds a node in front of the node, and gives its one output. */
  op(
    opType: StandardOperator,
    inputs: readonly BuilderInput[],
    attributes?: Record<string, AttributeInit>,
  ): Value {
    this.#bench.build.before = this.node;
    return this.#bench.build.op(opType, inputs, attributes);
  }

  /** Adds a node right behind the node, which reads output `index` and takes its place for all other readers. */
  after(
    index: number,
    opType: StandardOperator,
    others: readonly Value[],
    attributes?: Record<string, AttributeInit>,
  ): void {
    const output = this.node.output(index);
    if (output === undefined) return;
    this.#bench.build.before = this.node.next;
    const successor = this.#bench.build.op(opType, [null, ...others], attributes);
    handOver(output, successor);
    successor.producer?.setInput(0, output);
  }

  /** Makes the node another operator with the same inputs, outputs and attributes. */
  retype(opType: StandardOperator): void {
    this.node = retype(this.node, opType);
  }

  /** An int64 vector. */
  ints(values: readonly (number | bigint)[]): Value {
    this.#bench.build.before = this.node;
    return this.#bench.ints(values.map(BigInt));
  }

  /** An int64 scalar. */
  int64(value: number): Value {
    this.#bench.build.before = this.node;
    return this.#bench.build.int(value);
  }

  /** A float vector. */
  floats(values: readonly number[]): Value {
    this.#bench.build.before = this.node;
    return this.#bench.build.constant(tensorFromNumbers("float", [values.length], values));
  }

  /** Removes an INTS attribute and gives it as an int64 vector; undefined where the node lacks it. */
  takeInts(name: string): Value | undefined {
    const attr = this.node.attribute(name);
    if (attr === undefined) return undefined;
    this.node.unset(name);
    if (attr.kind === "ints") return this.ints(attr.value);
    return attr.kind === "ref" ? this.#chosen(name, "value_ints", "ints", attr.ref) : undefined;
  }

  /** Removes a FLOATS attribute and gives it as a float vector; undefined where the node lacks it. */
  takeFloats(name: string): Value | undefined {
    const attr = this.node.attribute(name);
    if (attr === undefined) return undefined;
    this.node.unset(name);
    if (attr.kind === "floats") return this.floats(attr.value);
    return attr.kind === "ref" ? this.#chosen(name, "value_floats", "floats", attr.ref) : undefined;
  }

  /** Removes a FLOAT attribute and gives it as a float scalar; undefined where the node lacks it. */
  takeFloat(name: string): Value | undefined {
    const attr = this.node.attribute(name);
    if (attr === undefined) return undefined;
    this.node.unset(name);
    if (attr.kind === "float") return this.#scalar(attr.value, "float");
    return attr.kind === "ref" ? this.#chosen(name, "value_float", "float", attr.ref) : undefined;
  }

  /** As takeFloat, in the type of input `like`. */
  takeFloatLike(name: string, like: number): Value | undefined {
    const attr = this.node.attribute(name);
    if (attr === undefined) return undefined;
    const dtype = this.know(like)?.dtype;
    if (dtype !== undefined && isFloat(dtype) && attr.kind === "float") {
      this.node.unset(name);
      return this.#scalar(attr.value, dtype);
    }
    const value = this.takeFloat(name);
    if (value === undefined || dtype === "float") return value;
    if (this.target < CAST_LIKE) this.refuse(refusals.inputTypeIsUnknown(like));
    return this.op("CastLike", [value, this.input(like) ?? null]);
  }

  #scalar(value: number, dtype: "float" | "double" | "float16" | "bfloat16"): Value {
    this.#bench.build.before = this.node;
    return this.#bench.build.scalar(value, dtype);
  }

  /** The value of an attribute that refers to one of the enclosing function, which the function's caller sets. */
  #chosen(name: string, as: string, type: "ints" | "floats" | "float", ref: string): Value {
    if (this.target < CONSTANT_VALUES) this.refuse(refusals.attributeIsSetByCaller(name));
    return this.op("Constant", [], { [as]: { kind: "ref", ref, type } });
  }
}
