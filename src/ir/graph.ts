import { invariant } from "../base/assert.js";
import {
  type Attribute,
  type AttributeInit,
  attribute,
  attributeText,
  graphsOf,
  type SparseTensor,
} from "./attribute.js";
import type { Tensor } from "./tensor.js";
import type { ValueType } from "./type.js";

/** metadata_props: ordered, duplicates kept as they were read. */
export interface MetadataEntry {
  readonly key: string;
  readonly value: string;
  /** The StringStringEntryProto as it was read, where key and value alone would not give the same bytes. */
  readonly wire?: Uint8Array;
}

/** A ValueInfoProto: what the model declares about a value. `wire` is written back verbatim while the name fits. */
export interface ValueInfo {
  readonly name: string;
  readonly type?: ValueType;
  readonly docString?: string;
  readonly metadata?: readonly MetadataEntry[];
  readonly wire?: Uint8Array;
  /** Its place in the value_info list it was read from, so that writing keeps the order. */
  readonly order?: number;
}

/** One place that reads a value. Exact: subgraph captures, graph outputs and annotations are uses like any other. */
export type Use =
  | { readonly kind: "node"; readonly node: Node; readonly index: number }
  | { readonly kind: "output"; readonly graph: Graph; readonly index: number }
  /** A quantization annotation or a training binding names the value; it may not vanish or change. */
  | { readonly kind: "pin"; readonly reason: string };

/**
 * A value: an object with identity; its name is only a label. It is a graph input, an initializer, both (an input
 * with a default), or the output of a node.
 */
export class Value {
  /** The graph in whose scope the value is defined. */
  readonly graph: Graph;
  readonly producer: Node | undefined;
  /** The data of an initializer. */
  tensor: Tensor | undefined;
  sparse: SparseTensor | undefined;
  /** The declaration of the value in the model, if it has one. */
  info: ValueInfo | undefined;
  #name: string;
  readonly #uses = new Set<Use>();

  /** Use Graph.addInput, addInitializer and addNode. */
  constructor(graph: Graph, name: string, producer: Node | undefined) {
    this.graph = graph;
    this.producer = producer;
    this.#name = name;
    graph.scope.claim(name);
  }

  get name(): string {
    return this.#name;
  }

  /** Relabels the value. The new name must be free in the model (Graph.freshName). */
  rename(name: string): void {
    if (name === this.#name) return;
    this.graph.scope.release(this.#name);
    this.graph.scope.claim(name);
    this.#name = name;
  }

  get type(): ValueType | undefined {
    return this.info?.type;
  }

  get uses(): ReadonlySet<Use> {
    return this.#uses;
  }

  /** The node uses, in no particular order. */
  get users(): Node[] {
    return [...this.#uses].flatMap((use) => (use.kind === "node" ? [use.node] : []));
  }

  get isGraphInput(): boolean {
    return this.graph.hasInput(this);
  }

  get isGraphOutput(): boolean {
    for (const use of this.#uses) if (use.kind === "output") return true;
    return false;
  }

  get isPinned(): boolean {
    for (const use of this.#uses) if (use.kind === "pin") return true;
    return false;
  }

  /**
   * An initializer whose value no caller can change. From IR version 4 on an initializer that is also a graph input is
   * only a default; before that, every initializer had to be listed as an input and is constant all the same.
   */
  get isConstant(): boolean {
    if (this.tensor === undefined || this.isPinned) return false;
    return !(this.graph.scope.initializersAreDefaults && this.isGraphInput);
  }

  /** For the editing classes of this file and pins; not a way to edit. */
  addUse(use: Use): void {
    this.#uses.add(use);
  }

  removeUse(use: Use): void {
    this.#uses.delete(use);
  }
}

/** The names in use in a model's graph and all its subgraphs, so that a new name clashes with none of them. */
export class Scope {
  /** True from IR version 4 on: see Value.isConstant. */
  initializersAreDefaults = true;
  readonly #claims = new Map<string, number>();
  readonly #suffix = new Map<string, number>();

  claim(name: string): void {
    this.#claims.set(name, (this.#claims.get(name) ?? 0) + 1);
  }

  release(name: string): void {
    const left = (this.#claims.get(name) ?? 0) - 1;
    if (left > 0) this.#claims.set(name, left);
    else this.#claims.delete(name);
  }

  isTaken(name: string): boolean {
    return this.#claims.has(name);
  }

  /** Bodies side by side may each have a value of the name. */
  isShared(name: string): boolean {
    return (this.#claims.get(name) ?? 0) > 1;
  }

  /** `base` if it is free, else base_1, base_2, ... */
  fresh(base: string): string {
    if (!this.#claims.has(base)) return base;
    let count = this.#suffix.get(base) ?? 1;
    while (this.#claims.has(`${base}_${count}`)) count++;
    this.#suffix.set(base, count + 1);
    return `${base}_${count}`;
  }
}

export interface NodeInit {
  readonly opType: string;
  readonly domain?: string | undefined;
  readonly overload?: string | undefined;
  readonly name?: string | undefined;
  readonly docString?: string | undefined;
  readonly metadata?: readonly MetadataEntry[];
  /** null is ONNX's skipped optional input. */
  readonly inputs: readonly (Value | null)[];
  /** Names of the outputs; null is a skipped optional output. */
  readonly outputs: readonly (string | null)[];
  readonly attributes?: Readonly<Record<string, AttributeInit>> | readonly Attribute[];
  /** Fields that normfold does not read, as they were. */
  readonly unknown?: Uint8Array | undefined;
}

/** Most nodes have no body, and every walk over a model asks every node for its bodies. */
const NO_GRAPHS: readonly Graph[] = [];

/** An operator application. In a linked list, so that a graph of 100,000 nodes is edited in place in constant time. */
export class Node {
  /** undefined once the node is removed. */
  graph: Graph | undefined;
  readonly opType: string;
  readonly domain: string | undefined;
  readonly overload: string | undefined;
  name: string | undefined;
  docString: string | undefined;
  metadata: readonly MetadataEntry[];
  readonly unknown: Uint8Array | undefined;
  readonly outputs: readonly (Value | null)[];
  next: Node | undefined;
  previous: Node | undefined;
  readonly #attributes = new Map<string, Attribute>();
  #inputs: (Value | null)[] = [];
  #inputUses: (Use | null)[] = [];

  /** Use Graph.addNode. */
  constructor(graph: Graph, init: NodeInit) {
    this.graph = graph;
    this.opType = init.opType;
    this.domain = init.domain;
    this.overload = init.overload;
    this.name = init.name;
    this.docString = init.docString;
    this.metadata = init.metadata ?? [];
    this.unknown = init.unknown;
    this.outputs = init.outputs.map((name) => (name === null ? null : new Value(graph, name, this)));
    this.setInputs(init.inputs);
    const attributes: readonly Attribute[] = isAttributeList(init.attributes)
      ? init.attributes
      : Object.entries(init.attributes ?? {}).map(([name, value]) => attribute(name, value));
    for (const attr of attributes) this.set(attr);
  }

  get inputs(): readonly (Value | null)[] {
    return this.#inputs;
  }

  get attributes(): ReadonlyMap<string, Attribute> {
    return this.#attributes;
  }

  /** The input at `index`; undefined when it is skipped or not given. */
  input(index: number): Value | undefined {
    return this.#inputs[index] ?? undefined;
  }

  /** The output at `index`; undefined when it is skipped or not given. */
  output(index: number): Value | undefined {
    return this.outputs[index] ?? undefined;
  }

  /** True for an operator of the standard domain ("" and "ai.onnx" are the same). */
  is(...opTypes: readonly string[]): boolean {
    return isStandardDomain(this.domain) && opTypes.includes(this.opType);
  }

  setInputs(inputs: readonly (Value | null)[]): void {
    this.#inputs.forEach((_, index) => {
      this.#drop(index);
    });
    this.#inputs = [];
    this.#inputUses = [];
    inputs.forEach((value, index) => {
      this.setInput(index, value);
    });
  }

  /** Sets one input, extending the list with skipped ones as needed. */
  setInput(index: number, value: Value | null): void {
    while (this.#inputs.length < index) {
      this.#inputs.push(null);
      this.#inputUses.push(null);
    }
    this.#drop(index);
    this.#inputs[index] = value;
    const use: Use | null = value === null ? null : { kind: "node", node: this, index };
    this.#inputUses[index] = use;
    if (value !== null && use !== null) value.addUse(use);
  }

  #drop(index: number): void {
    const use = this.#inputUses[index];
    if (use) this.#inputs[index]?.removeUse(use);
  }

  set(attr: Attribute): void {
    for (const graph of graphsOf(attr)) graph.owner = this;
    this.#attributes.set(attr.name, attr);
  }

  unset(name: string): void {
    this.#attributes.delete(name);
  }

  attribute(name: string): Attribute | undefined {
    return this.#attributes.get(name);
  }

  /** An INT attribute as a number, or `fallback`; undefined when it is there but not a plain INT (a reference). */
  int(name: string): number | undefined;
  int(name: string, fallback: number): number;
  int(name: string, fallback?: number): number | undefined {
    const attr = this.#attributes.get(name);
    return attr?.kind === "int" ? Number(attr.value) : fallback;
  }

  ints(name: string): readonly number[] | undefined {
    const attr = this.#attributes.get(name);
    return attr?.kind === "ints" ? attr.value.map(Number) : undefined;
  }

  float(name: string): number | undefined;
  float(name: string, fallback: number): number;
  float(name: string, fallback?: number): number | undefined {
    const attr = this.#attributes.get(name);
    return attr?.kind === "float" ? attr.value : fallback;
  }

  string(name: string): string | undefined;
  string(name: string, fallback: string): string;
  string(name: string, fallback?: string): string | undefined {
    const attr = this.#attributes.get(name);
    return attr?.kind === "string" ? attributeText(attr.value) : fallback;
  }

  tensorAttribute(name: string): Tensor | undefined {
    const attr = this.#attributes.get(name);
    return attr?.kind === "tensor" ? attr.value : undefined;
  }

  /** True when an attribute takes its value from the caller of the enclosing function, so that it is not known here. */
  get hasReferences(): boolean {
    for (const attr of this.#attributes.values()) if (attr.kind === "ref") return true;
    return false;
  }

  /** The bodies of control-flow operators, in attribute order. */
  get subgraphs(): readonly Graph[] {
    for (const attr of this.#attributes.values()) {
      if (graphsOf(attr).length > 0) return [...this.#attributes.values()].flatMap(graphsOf);
    }
    return NO_GRAPHS;
  }

  /** How messages name the node: its operator and name, or the first output's name where it has none. */
  get label(): string {
    const output = this.outputs.find((value) => value !== null)?.name;
    return `${this.opType} "${this.name || output || "?"}"`;
  }

  /** A name for the node that survives re-reading the same model: its first output's. */
  get key(): string {
    return this.outputs.find((value) => value !== null)?.name ?? this.name ?? this.opType;
  }
}

function isAttributeList(init: NodeInit["attributes"]): init is readonly Attribute[] {
  return Array.isArray(init);
}

export function isStandardDomain(domain: string | undefined): boolean {
  return domain === undefined || domain === "" || domain === "ai.onnx";
}

/** A quantization_annotation, kept in step with the values it names. */
export interface QuantizationAnnotation {
  readonly tensor: Value | string;
  readonly parameters: readonly { readonly key: string; readonly value: Value | string }[];
  readonly wire: Uint8Array;
}

/** A graph: the model's own, the body of a control-flow operator, or the body of a function. */
export class Graph {
  readonly scope: Scope;
  name: string | undefined;
  docString: string | undefined;
  metadata: readonly MetadataEntry[] = [];
  unknown: Uint8Array | undefined;
  annotations: QuantizationAnnotation[] = [];
  /** value_info entries that name no value of the graph, or repeat a declaration; kept as they were. */
  strayInfo: ValueInfo[] = [];
  /** Declarations of outputs whose value is declared elsewhere: an input handed through, an outer graph's value. */
  readonly outputInfo: Map<Value, ValueInfo> = new Map<Value, ValueInfo>();
  /** The control-flow node whose body this is. */
  owner: Node | undefined;
  /** A function body has no initializers: its constants are Constant nodes. */
  isFunctionBody = false;
  first: Node | undefined;
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

  get inputs(): readonly Value[] {
    return [...this.#inputs];
  }

  hasInput(value: Value): boolean {
    return this.#inputs.has(value);
  }

  get outputs(): readonly Value[] {
    return this.#outputs;
  }

  get initializers(): ReadonlySet<Value> {
    return this.#initializers;
  }

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

  freshName(base: string): string {
    return this.scope.fresh(base === "" ? "value" : base);
  }

  addInput(info: ValueInfo): Value {
    const value = new Value(this, info.name, undefined);
    value.info = info;
    this.#inputs.add(value);
    return value;
  }

  /** Removes an input that nothing uses, and its default value with it. */
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

  setSparseDefault(input: Value, sparse: SparseTensor): void {
    invariant(this.#inputs.has(input), `"${input.name}" is not an input of the graph`);
    input.sparse = sparse;
    this.#initializers.add(input);
  }

  /** Makes an input with a default value the constant that the default is. */
  freezeInput(input: Value): void {
    invariant(input.tensor !== undefined, `input "${input.name}" has no default`);
    this.#inputs.delete(input);
  }

  /** Removes an initializer that nothing uses; an input keeps existing without its default. */
  removeInitializer(value: Value): void {
    invariant(value.uses.size === 0, `initializer "${value.name}" is still used`);
    this.#initializers.delete(value);
    if (this.#inputs.has(value)) value.tensor = undefined;
    else this.scope.release(value.name);
  }

  addOutput(value: Value): void {
    const use: Use = { kind: "output", graph: this, index: this.#outputs.length };
    this.#outputs.push(value);
    this.#outputUses.push(use);
    value.addUse(use);
  }

  setOutput(index: number, value: Value): void {
    const use = this.#outputUses[index];
    invariant(use !== undefined, `graph output ${index} does not exist`);
    this.#outputs[index]?.removeUse(use);
    this.#outputs[index] = value;
    value.addUse(use);
  }

  /** Creates a node before `before`, or at the end. */
  addNode(init: NodeInit, before?: Node): Node {
    const node = new Node(this, init);
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

  /** Removes a node whose outputs nothing uses. Its `next` stays, so that an iteration standing on it goes on. */
  removeNode(node: Node): void {
    invariant(node.graph === this, `${node.label} is not in this graph`);
    for (const value of node.outputs) {
      invariant(value === null || value.uses.size === 0, `output "${value?.name}" is still used`);
    }
    this.#unlink(node);
    this.#retire(node);
  }

  /** Gives up everything a removed node holds: names and uses, its subgraphs' included. */
  #retire(node: Node): void {
    node.setInputs([]);
    for (const value of node.outputs) if (value !== null) this.scope.release(value.name);
    for (const body of node.subgraphs) body.#dispose();
    node.graph = undefined;
  }

  #dispose(): void {
    this.#outputs.forEach((value, index) => {
      const use = this.#outputUses[index];
      if (use !== undefined) value.removeUse(use);
    });
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
 * A graph output keeps its name, so its replacement must be free to take it: a node output of the same graph that is
 * not an output already. Pinned values stay where they are.
 */
export function canReplace(from: Value, to: Value): boolean {
  if (from.isPinned) return false;
  if (!from.isGraphOutput) return true;
  if (to.producer === undefined || to.graph !== from.graph || to.isGraphOutput || to.isPinned) return false;
  return canTakeName(from, to);
}

/**
 * Whether `to`, defined before `from`, can bear its name: not when a body that sees `to` and does not see `from` has a
 * value of that name, which would then hide the one around it.
 */
export function canTakeName(from: Value, to: Value): boolean {
  const { graph, name } = from;
  if (!graph.scope.isShared(name)) return true;
  if (to.graph !== graph) return false;
  let node = to.producer ?? graph.first;
  for (; node !== undefined && node !== from.producer; node = node.next) {
    for (const body of node.subgraphs) if (definesName(body, name)) return false;
  }
  return true;
}

function definesName(body: Graph, name: string): boolean {
  for (const graph of body.withSubgraphs()) {
    for (const value of graph.inputs) if (value.name === name) return true;
    for (const value of graph.initializers) if (value.name === name) return true;
    for (const node of graph.nodes()) if (node.outputs.some((value) => value?.name === name)) return true;
  }
  return false;
}
