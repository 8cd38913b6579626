import { present } from "../base/assert.js";
import type { AttributeInit } from "./attribute.js";
import type { FloatDType } from "./dtype.js";
import type { Graph, Node, NodeInit, Value } from "./graph.js";
import type { StandardOperator } from "./operator-name.js";
import { type Tensor, tensorFromBigInts, tensorFromNumbers } from "./tensor.js";

/** Adds nodes for a Builder: DIRECT_EDITOR, or the Rewriter of a pass, which keeps a log. */
export interface GraphEditor {
  addNode(graph: Graph, init: NodeInit, before?: Node): Node;
  addConstant(graph: Graph, base: string, tensor: Tensor, before?: Node): Value;
}

/** Edits the graph at once and keeps no log: for models that are being built, or that one caller owns. */
export const DIRECT_EDITOR: GraphEditor = {
  addNode: (graph, init, before) => graph.addNode(init, before),
  addConstant(graph, base, tensor, before) {
    const name = graph.freshName(base);
    if (!graph.isFunctionBody) return graph.addInitializer(name, tensor);
    const init = { opType: "Constant", inputs: [], outputs: [name], attributes: { value: tensor } };
    return present(graph.addNode(init, before ?? graph.first).output(0), "a Constant has an output");
  },
};

export type BuilderInput = Value | null;

export interface BuilderOptions {
  /** New nodes go before this one; without it to the end of the graph. */
  readonly before?: Node | undefined;
  /** Prefix of the names of new values. */
  readonly prefix?: string;
  readonly editor?: GraphEditor;
}

/**
 * Writes operators of the standard domain into a graph, one call an operator, and gives their outputs. Equal
 * constants are made once per builder.
 *
 *   const y = build.op("Mul", [x, build.scalar(0.5, "float")]);
 */
export class Builder {
  readonly graph: Graph;
  /** New nodes go before this one; undefined: to the end. */
  before: Node | undefined;
  /** Prefix of the names of new values; change it to tell the parts of a large construction apart. */
  prefix: string;
  readonly #editor: GraphEditor;
  readonly #constants = new Map<string, Value>();

  constructor(graph: Graph, options: BuilderOptions = {}) {
    this.graph = graph;
    this.before = options.before;
    this.prefix = options.prefix ?? "";
    this.#editor = options.editor ?? DIRECT_EDITOR;
  }

  /** Adds a node with one output, called `name` if that name is free. */
  op(
    opType: StandardOperator,
    inputs: readonly BuilderInput[],
    attributes: Readonly<Record<string, AttributeInit>> = {},
    name?: string,
  ): Value {
    const [output] = this.ops(opType, inputs, 1, attributes, name);
    return present(output, "one output was asked for");
  }

  /** Adds a node with `count` outputs. */
  ops(
    opType: StandardOperator,
    inputs: readonly BuilderInput[],
    count: number,
    attributes: Readonly<Record<string, AttributeInit>> = {},
    name?: string,
  ): readonly Value[] {
    const base = name ?? `${this.prefix}${opType}`;
    const names = Array.from({ length: count }, (_, i) =>
      this.graph.freshName(i === 0 ? base : `${base}_out${i}`),
    );
    const node = this.#editor.addNode(
      this.graph,
      { opType, inputs, outputs: names, attributes },
      this.before,
    );
    return node.outputs.map((value) => present(value, "every output is named"));
  }

  /** A constant; an initializer, or in a function body a Constant node. */
  constant(tensor: Tensor, name?: string): Value {
    return this.#editor.addConstant(this.graph, name ?? `${this.prefix}constant`, tensor, this.before);
  }

  /** An int64 vector. */
  ints(values: readonly number[]): Value {
    return this.#once(`ints ${values.join(" ")}`, () =>
      tensorFromBigInts([values.length], values.map(BigInt)),
    );
  }

  /** An int64 scalar. */
  int(value: number): Value {
    return this.#once(`int ${value}`, () => tensorFromBigInts([], [BigInt(value)]));
  }

  /** A scalar of a float type. */
  scalar(value: number, dtype: FloatDType): Value {
    return this.#once(`${dtype} ${Object.is(value, -0) ? "-0" : value}`, () =>
      tensorFromNumbers(dtype, [], [value]),
    );
  }

  #once(key: string, make: () => Tensor): Value {
    // Only nodes behind a Constant node can read it, and `before` may change, so each reader gets its own.
    if (this.graph.isFunctionBody) return this.constant(make());
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const value = this.constant(make());
    this.#constants.set(key, value);
    return value;
  }
}
