import { invariant } from "../base/assert.js";
import type { SparseTensor } from "./attribute.js";
import { Node, type NodeInit } from "./node.js";
import { Scope } from "./scope.js";
import type { Tensor } from "./tensor.js";
import { type MetadataEntry, type Use, Value, type ValueInfo } from "./value.js";

export { initOf, isStandardDomain, Node, type NodeInit } from "./node.js";
export { type MetadataEntry, type Use, Value, type ValueInfo } from "./value.js";

/** A quantization_annotation. It refers to values, so that it follows when they are renamed. */
export interface QuantizationAnnotation {
  /** The annotated value; a name where the model has no such value. */
  readonly tensor: Value | string;
  /** Values that quantize it, by their role: SCALE_TENSOR, ZERO_POINT_TENSOR. */
  readonly parameters: readonly { readonly key: string; readonly value: Value | string }[];
  /** The TensorAnnotation as it was read; undefined for one that is new. */
  readonly wire: Uint8Array | undefined;
}

/** A graph: the model's own, the body of a control-flow operator, or the body of a function. */
export class Graph {
  /** The names in use, shared with the graphs around and inside this one. */
  readonly scope: Scope;
  /** The graph's name, which nothing refers to. */
  name: string | undefined;
  /** Documentation for people. */
  docString: string | undefined;
  /** metadata_props of the graph. */
  metadata: readonly MetadataEntry[] = [];
  /** Fields that normfold does not read, as they were. */
  unknown: Uint8Array | undefined;
  /** quantization_annotation entries. */
  annotations: QuantizationAnnotation[] = [];
  /** value_info entries that name no value of the graph or repeat a declaration. They are written as they were read. */
  strayInfo: ValueInfo[] = [];
  /**
   * Declarations of outputs whose value has another declaration: an input that is also an output, an outer graph's
   * value.
   */
  readonly outputInfo: Map<Value, ValueInfo> = new Map<Value, ValueInfo>();
  /** The control-flow node whose body this is. */
  owner: Node | undefined;
  /** A function body has no initializers: its constants are Constant nodes. */
  isFunctionBody = false;
  /** The first node; undefined in an empty graph. */
  first: Node | undefined;
  /** The last node; undefined in an empty graph. */
  last: Node | undefined;
  #nodeCount = 0;
  readonly #inputs = new Set<Value>();
  #outputs: Value[] = [];
  #outputUses: Use[] = [];
  readonly #initializers = new Set<Value>();

  /** `parent` is the graph around a subgraph: the two share one naming scope. */
  constructor(name?: string, parent?: Graph) {
    this.name = name;
    this.scope = parent?.scope ?? new Scope();
  }

  /** The inputs in order, those with default values included. */
  get inputs(): readonly Value[] {
    return [...this.#inputs];
  }

  /** True for an input of this graph. */
  hasInput(value: Value): boolean {
    return this.#inputs.has(value);
  }

  /** The outputs in order; a value may be more than one of them. */
  get outputs(): readonly Value[] {
    return this.#outputs;
  }

  /** The constants of the graph, and the inputs that have a default value. */
  get initializers(): ReadonlySet<Value> {
    return this.#initializers;
  }

  /** Number of nodes, without those of subgraphs. */
  get nodeCount(): number {
    return this.#nodeCount;
  }

  /** The graph around this one; undefined for the model's graph and function bodies. */
  get parent(): Graph | undefined {
    return this.owner?.graph;
  }

  /**
   * The nodes in order. Nodes may be added and removed while iterating: a removed node is not visited, one added
   * behind the current node is.
   */
  *nodes(): Generator<Node, void, undefined> {
    let node = this.first;
    while (node !== undefined) {
      if (node.graph === this) yield node;
      node = node.next;
    }
  }

  /** This graph and every graph inside it, outer ones first. */
  *withSubgraphs(): Generator<Graph, void, undefined> {
    yield this;
    for (const node of this.nodes()) for (const body of node.subgraphs) yield* body.withSubgraphs();
  }

  /** A name that no value of the model has: `base`, or `base` with a number. */
  freshName(base: string): string {
    return this.scope.fresh(base === "" ? "value" : base);
  }

  /** Adds an input behind the others. Its name must be free. */
  addInput(info: ValueInfo): Value {
    const value = new Value(this, info.name, undefined);
    value.info = info;
    this.#inputs.add(value);
    return value;
  }

  /** Removes an input without uses, together with its default value. */
  removeInput(value: Value): void {
    invariant(value.uses.size === 0, `input "${value.name}" is still used`);
    this.#inputs.delete(value);
    this.#initializers.delete(value);
    this.scope.release(value.name);
  }

  /** Adds a constant under `name`, which must be free (freshName). */
  addInitializer(name: string, tensor: Tensor): Value {
    const value = new Value(this, name, undefined);
    value.tensor = tensor;
    this.#initializers.add(value);
    return value;
  }

  /** Adds a sparse constant under `name`, which must be free (freshName). */
  addSparseInitializer(name: string, sparse: SparseTensor): Value {
    const value = new Value(this, name, undefined);
    value.sparse = sparse;
    this.#initializers.add(value);
    return value;
  }

  /** Gives a graph input a default value. */
  setDefault(input: Value, tensor: Tensor): void {
    invariant(this.#inputs.has(input), `"${input.name}" is not an input of the graph`);
    input.tensor = tensor;
    this.#initializers.add(input);
  }

  /** Gives a graph input a sparse default value. */
  setSparseDefault(input: Value, sparse: SparseTensor): void {
    invariant(this.#inputs.has(input), `"${input.name}" is not an input of the graph`);
    input.sparse = sparse;
    this.#initializers.add(input);
  }

  /** Makes an input with a default value a constant, which callers cannot override. */
  freezeInput(input: Value): void {
    invariant(input.tensor !== undefined, `input "${input.name}" has no default`);
    this.#inputs.delete(input);
  }

  /** Removes an initializer without uses. Where it is the default of an input, the input stays. */
  removeInitializer(value: Value): void {
    invariant(value.uses.size === 0, `initializer "${value.name}" is still used`);
    this.#initializers.delete(value);
    if (this.#inputs.has(value)) value.tensor = undefined;
    else this.scope.release(value.name);
  }

  /** Makes the value an output, behind the others. */
  addOutput(value: Value): void {
    const use: Use = { kind: "output", graph: this, index: this.#outputs.length };
    this.#outputs.push(value);
    this.#outputUses.push(use);
    value.addUse(use);
  }

  /** Makes another value the output at `index`. */
  setOutput(index: number, value: Value): void {
    const use = this.#outputUses[index];
    invariant(use !== undefined, `graph output ${index} does not exist`);
    this.#outputs[index]?.removeUse(use);
    this.#outputs[index] = value;
    value.addUse(use);
  }

  /** Makes these the outputs, in this order. */
  setOutputs(values: readonly Value[]): void {
    this.#dropOutputs();
    for (const value of values) this.addOutput(value);
  }

  #dropOutputs(): void {
    this.#outputs.forEach((value, index) => {
      const use = this.#outputUses[index];
      if (use !== undefined) value.removeUse(use);
    });
    this.#outputs = [];
    this.#outputUses = [];
  }

  /** Creates a node before `before`, or at the end. */
  addNode(init: NodeInit, before?: Node): Node {
    const node = new Node(this, init);
    this.scope.countOperator(node.opType, 1);
    this.#link(node, before);
    return node;
  }

  #link(node: Node, before: Node | undefined): void {
    node.next = before;
    node.previous = before === undefined ? this.last : before.previous;
    if (node.previous === undefined) this.first = node;
    else node.previous.next = node;
    if (before === undefined) this.last = node;
    else before.previous = node;
    this.#nodeCount++;
  }

  #unlink(node: Node): void {
    if (node.previous === undefined) this.first = node.next;
    else node.previous.next = node.next;
    if (node.next === undefined) this.last = node.previous;
    else node.next.previous = node.previous;
    this.#nodeCount--;
  }

  /** Moves a node of this graph to just before another. */
  moveBefore(node: Node, before: Node): void {
    invariant(node.graph === this && before.graph === this && node !== before, "nodes of one graph");
    this.#unlink(node);
    this.#link(node, before);
  }

  /** Removes a node whose outputs have no uses. Its `next` stays, so that an iteration that is at the node can go on. */
  removeNode(node: Node): void {
    invariant(node.graph === this, `${node.label} is not in this graph`);
    for (const value of node.outputs) {
      invariant(value === null || value.uses.size === 0, `output "${value?.name}" is still used`);
    }
    this.#unlink(node);
    this.#retire(node);
  }

  /** Releases the names and uses that a removed node holds, and those of its subgraphs. */
  #retire(node: Node): void {
    node.setInputs([]);
    this.scope.countOperator(node.opType, -1);
    for (const value of node.outputs) if (value !== null) this.scope.release(value.name);
    for (const body of node.subgraphs) body.#dispose();
    node.graph = undefined;
  }

  #dispose(): void {
    this.#dropOutputs();
    for (const node of this.nodes()) this.#retire(node);
    for (const value of new Set([...this.#inputs, ...this.#initializers])) this.scope.release(value.name);
  }

  /**
   * Makes every use of `from` a use of `to`. Where `from` is a graph output its name, which callers know, moves to
   * `to`; canReplace says whether that is possible.
   */
  replaceUses(from: Value, to: Value): void {
    invariant(from !== to, `"${from.name}" cannot replace itself`);
    invariant(canReplace(from, to), `"${to.name}" cannot take the place of graph output "${from.name}"`);
    const takesName = from.isGraphOutput;
    for (const use of [...from.uses]) {
      if (use.kind === "node") use.node.setInput(use.index, to);
      else if (use.kind === "output") use.graph.setOutput(use.index, to);
    }
    if (takesName) {
      const name = from.name;
      from.rename(this.freshName(`${name}_replaced`));
      to.rename(name);
      to.info = from.info;
    }
  }
}

/**
 * A graph output keeps its name, so its replacement must be free to take it: a node output or a constant of the same graph that
 * is not an output already. Pinned values stay where they are.
 */
export function canReplace(from: Value, to: Value): boolean {
  if (from.isPinned) return false;
  if (!from.isGraphOutput) return true;
  if (to.producer === undefined && (to.tensor === undefined || to.isGraphInput)) return false;
  if (to.graph !== from.graph || to.isGraphOutput || to.isPinned) return false;
  return canTakeName(from, to);
}

/**
 * Whether `to`, which is defined before `from`, can take its name. It cannot where a body between the two has a value of that
 * name, because that value would then hide `to`.
 */
export function canTakeName(from: Value, to: Value): boolean {
  const { graph, name } = from;
  if (!graph.scope.isShared(name)) return true;
  return to.graph === graph && !isHidden(from, to.producer ?? graph.first);
}

/** Whether a constant of the same graph, which is defined before every node, can take the place of a node's output. */
export function canBecomeConstant(value: Value): boolean {
  const { graph, name } = value;
  if (value.isPinned) return false;
  return !value.isGraphOutput || !graph.scope.isShared(name) || !isHidden(value, graph.first);
}

/** Whether a body from the node on, and before the value's own, has another value of its name. */
function isHidden({ name, producer }: Value, first: Node | undefined): boolean {
  for (let node = first; node !== undefined && node !== producer; node = node.next) {
    for (const body of node.subgraphs) if (definesName(body, name)) return true;
  }
  return false;
}

function definesName(body: Graph, name: string): boolean {
  for (const graph of body.withSubgraphs()) {
    for (const value of graph.inputs) if (value.name === name) return true;
    for (const value of graph.initializers) if (value.name === name) return true;
    for (const node of graph.nodes()) if (node.outputs.some((value) => value?.name === name)) return true;
  }
  return false;
}
