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

/** What is known of a value of the model as it was before it was raised. */
export interface Knowledge {
  readonly dtype: DType | undefined;
  readonly shape: readonly SymDim[] | undefined;
  /** The elements of a small constant. */
  readonly numbers: readonly number[] | undefined;
}

export type Knower = (value: Value) => Knowledge | undefined;

/**
 * Rewrites one node from the form it had before an opset into that opset's, with the same outputs. Nodes it adds are in
 * that opset's form too.
 */
export type RaiseStep = (at: RaiseContext) => void;

/** The steps of a family: one for each breaking change of each operator. A step left out is a type error. */
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

/** New nodes and constants of one graph; equal constants are made once. */
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

  /** int64 elements beyond 2^53 are common: the end of a Slice. */
  ints(values: readonly bigint[]): Value {
    // A function body has Constant nodes, which serve only what comes after them.
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

/** A node on its way to an opset, and what a step may ask and do there. */
export class RaiseContext {
  /** The node in its present form; a step that changes its operator replaces it. */
  node: Node;
  readonly graph: Graph;
  /** The operator that the node was in the model as it came. */
  readonly origin: string;
  /** The opset that the node is being rewritten for, and the last one it will reach. */
  version: number;
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

  input(index: number): Value | undefined {
    return this.node.input(index);
  }

  know(index: number): Knowledge | undefined {
    const value = this.node.input(index);
    return value === undefined ? undefined : this.#know(value);
  }

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

  set(name: string, value: AttributeInit): void {
    this.node.set(attribute(name, value));
  }

  setDefault(name: string, value: AttributeInit): void {
    if (!this.node.attributes.has(name)) this.set(name, value);
  }

  /** A new node with one output, before the node. */
  op(
    opType: StandardOperator,
    inputs: readonly BuilderInput[],
    attributes?: Record<string, AttributeInit>,
  ): Value {
    this.#bench.build.before = this.node;
    return this.#bench.build.op(opType, inputs, attributes);
  }

  /** A new node right behind the node: it takes what output `index` gave and gives what the model wants of it. */
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

  retype(opType: StandardOperator): void {
    this.node = retype(this.node, opType);
  }

  ints(values: readonly (number | bigint)[]): Value {
    this.#bench.build.before = this.node;
    return this.#bench.ints(values.map(BigInt));
  }

  int64(value: number): Value {
    this.#bench.build.before = this.node;
    return this.#bench.build.int(value);
  }

  floats(values: readonly number[]): Value {
    this.#bench.build.before = this.node;
    return this.#bench.build.constant(tensorFromNumbers("float", [values.length], values));
  }

  /** Takes an INTS attribute away and gives it as an int64 vector; undefined where the node has none. */
  takeInts(name: string): Value | undefined {
    const attr = this.node.attribute(name);
    if (attr === undefined) return undefined;
    this.node.unset(name);
    if (attr.kind === "ints") return this.ints(attr.value);
    return attr.kind === "ref" ? this.#chosen(name, "value_ints", "ints", attr.ref) : undefined;
  }

  /** Takes a FLOATS attribute away and gives it as a float vector; undefined where the node has none. */
  takeFloats(name: string): Value | undefined {
    const attr = this.node.attribute(name);
    if (attr === undefined) return undefined;
    this.node.unset(name);
    if (attr.kind === "floats") return this.floats(attr.value);
    return attr.kind === "ref" ? this.#chosen(name, "value_floats", "floats", attr.ref) : undefined;
  }

  /** Takes a FLOAT attribute away and gives it as a float scalar; undefined where the node has none. */
  takeFloat(name: string): Value | undefined {
    const attr = this.node.attribute(name);
    if (attr === undefined) return undefined;
    this.node.unset(name);
    if (attr.kind === "float") return this.#scalar(attr.value, "float");
    return attr.kind === "ref" ? this.#chosen(name, "value_float", "float", attr.ref) : undefined;
  }

  /** The same, as a scalar of the type of input `like`. */
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

  /** An attribute of the enclosing function, which its caller sets, as a value. */
  #chosen(name: string, as: string, type: "ints" | "floats" | "float", ref: string): Value {
    if (this.target < CONSTANT_VALUES) this.refuse(refusals.attributeIsSetByCaller(name));
    return this.op("Constant", [], { [as]: { kind: "ref", ref, type } });
  }
}
