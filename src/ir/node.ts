import { type Attribute, type AttributeInit, attribute, attributeText, graphsOf } from "./attribute.js";
import type { Graph } from "./graph.js";
import type { StandardOperator } from "./operator-name.js";
import type { Tensor } from "./tensor.js";
import { type MetadataEntry, type Use, Value } from "./value.js";

/** The parts of a new node. */
export interface NodeInit {
  /** The operator, as ONNX spells it: `MatMul`. */
  readonly opType: string;
  /** The operator set it is from; without it the standard operators. */
  readonly domain?: string | undefined;
  /** Which of several functions of the same name it calls. */
  readonly overload?: string | undefined;
  /** A label of the node, which nothing refers to. */
  readonly name?: string | undefined;
  /** Documentation for people. */
  readonly docString?: string | undefined;
  /** metadata_props of the node. */
  readonly metadata?: readonly MetadataEntry[];
  /** null is ONNX's skipped optional input. */
  readonly inputs: readonly (Value | null)[];
  /** Names of the outputs; null is a skipped optional output. */
  readonly outputs: readonly (string | null)[];
  /** The attributes by name: plain values, or attributes as they are. */
  readonly attributes?: Readonly<Record<string, AttributeInit>> | readonly Attribute[];
  /** Fields that normfold does not read, as they were. */
  readonly unknown?: Uint8Array | undefined;
}

/** All of a node but its inputs and outputs, to make the same on others. */
export function initOf(node: Node): Omit<NodeInit, "inputs" | "outputs"> {
  const { opType, domain, overload, name, docString, metadata, unknown } = node;
  const attributes = [...node.attributes.values()];
  return { opType, domain, overload, name, docString, metadata, unknown, attributes };
}

/** Most nodes have no body, and every walk over a model asks every node for its bodies. */
const NO_GRAPHS: readonly Graph[] = [];
const NO_ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map();
const NO_METADATA: readonly MetadataEntry[] = [];

/**
 * A node: an operator with its inputs, outputs and attributes. The nodes of a graph are a linked list, so that an edit takes
 * the same time in a graph of 100,000 nodes as in a small one.
 */
export class Node {
  /** The graph the node is in; undefined once it is removed. */
  graph: Graph | undefined;
  /** The operator, as ONNX spells it: `MatMul`. */
  readonly opType: string;
  /** The operator set it is from; undefined or "": the standard operators. */
  readonly domain: string | undefined;
  /** Which of several functions of the same name it calls. */
  readonly overload: string | undefined;
  /** A label of the node, which nothing refers to. */
  name: string | undefined;
  /** Documentation for people. */
  docString: string | undefined;
  /** metadata_props of the node. */
  metadata: readonly MetadataEntry[];
  /** Fields that normfold does not read, as they were. */
  unknown: Uint8Array | undefined;
  /** The outputs in order; null for one that is skipped. */
  readonly outputs: readonly (Value | null)[];
  /** The node behind this one in the graph's list. */
  next: Node | undefined;
  /** The node before this one. */
  previous: Node | undefined;
  /** The map is made with the first attribute, because most nodes have none. */
  #attributes: Map<string, Attribute> | undefined;
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
    this.metadata = init.metadata?.length ? init.metadata : NO_METADATA;
    this.unknown = init.unknown;
    this.outputs = init.outputs.map((name) => (name === null ? null : new Value(graph, name, this)));
    this.setInputs(init.inputs);
    const attributes: readonly Attribute[] = isAttributeList(init.attributes)
      ? init.attributes
      : Object.entries(init.attributes ?? {}).map(([name, value]) => attribute(name, value));
    for (const attr of attributes) this.set(attr);
  }

  /** The inputs in order; null for one that is skipped. */
  get inputs(): readonly (Value | null)[] {
    return this.#inputs;
  }

  /** The attributes by name. */
  get attributes(): ReadonlyMap<string, Attribute> {
    return this.#attributes ?? NO_ATTRIBUTES;
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
  is(...opTypes: readonly StandardOperator[]): boolean {
    const names: readonly string[] = opTypes;
    return isStandardDomain(this.domain) && names.includes(this.opType);
  }

  /** True when both nodes apply the same operator, of whatever domain. */
  sharesOperator(other: Node): boolean {
    const sameDomain = isStandardDomain(this.domain)
      ? isStandardDomain(other.domain)
      : this.domain === other.domain;
    return sameDomain && this.opType === other.opType;
  }

  /** Makes these the inputs, and updates the uses of old and new ones. */
  setInputs(inputs: readonly (Value | null)[]): void {
    for (let index = 0; index < this.#inputs.length; index++) this.#drop(index);
    // Lists that grow one by one would take room for 17 items.
    this.#inputs = inputs.slice();
    this.#inputUses = inputs.map((value, index) => this.#use(value, index));
  }

  /** Sets one input, extending the list with skipped ones as needed. */
  setInput(index: number, value: Value | null): void {
    while (this.#inputs.length < index) {
      this.#inputs.push(null);
      this.#inputUses.push(null);
    }
    this.#drop(index);
    this.#inputs[index] = value;
    this.#inputUses[index] = this.#use(value, index);
  }

  /** Takes the last input off. */
  removeLastInput(): void {
    this.#drop(this.#inputs.length - 1);
    this.#inputs.pop();
    this.#inputUses.pop();
  }

  #use(value: Value | null, index: number): Use | null {
    if (value === null) return null;
    const use: Use = { kind: "node", node: this, index };
    value.addUse(use);
    return use;
  }

  #drop(index: number): void {
    const use = this.#inputUses[index];
    if (use) this.#inputs[index]?.removeUse(use);
  }

  /** Adds the attribute, or replaces the one of its name. */
  set(attr: Attribute): void {
    for (const graph of graphsOf(attr)) graph.owner = this;
    this.#attributes ??= new Map();
    this.#attributes.set(attr.name, attr);
  }

  /** Removes the attribute of that name, if there is one. */
  unset(name: string): void {
    this.#attributes?.delete(name);
  }

  /** The attribute of that name. */
  attribute(name: string): Attribute | undefined {
    return this.#attributes?.get(name);
  }

  /** An INT attribute as a number; undefined when it is not there or not a plain INT (a reference, for instance). */
  int(name: string): number | undefined;
  /** The same, or `fallback` if there is no such attribute. */
  int(name: string, fallback: number): number;
  int(name: string, fallback?: number): number | undefined {
    const attr = this.#attributes?.get(name);
    return attr?.kind === "int" ? Number(attr.value) : fallback;
  }

  /** An INTS attribute as numbers; undefined when it is not there or not a plain INTS. */
  ints(name: string): readonly number[] | undefined {
    const attr = this.#attributes?.get(name);
    return attr?.kind === "ints" ? attr.value.map(Number) : undefined;
  }

  /** A FLOAT attribute; undefined when it is not there or not a plain FLOAT. */
  float(name: string): number | undefined;
  /** The same, or `fallback` if there is no such attribute. */
  float(name: string, fallback: number): number;
  float(name: string, fallback?: number): number | undefined {
    const attr = this.#attributes?.get(name);
    return attr?.kind === "float" ? attr.value : fallback;
  }

  /** The text of a STRING attribute; undefined when it is not there or not a plain STRING. */
  string(name: string): string | undefined;
  /** The same, or `fallback` if there is no such attribute. */
  string(name: string, fallback: string): string;
  string(name: string, fallback?: string): string | undefined {
    const attr = this.#attributes?.get(name);
    return attr?.kind === "string" ? attributeText(attr.value) : fallback;
  }

  /** The tensor of a TENSOR attribute; undefined when it is not there or not a plain TENSOR. */
  tensorAttribute(name: string): Tensor | undefined {
    const attr = this.#attributes?.get(name);
    return attr?.kind === "tensor" ? attr.value : undefined;
  }

  /** True when an attribute takes its value from the caller of the enclosing function, so that it is not known here. */
  get hasReferences(): boolean {
    if (this.#attributes === undefined) return false;
    for (const attr of this.#attributes.values()) if (attr.kind === "ref") return true;
    return false;
  }

  /** The bodies of control-flow operators, in attribute order. */
  get subgraphs(): readonly Graph[] {
    if (this.#attributes === undefined) return NO_GRAPHS;
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

/** True for the domain of the standard operators, whose spellings are "", "ai.onnx" and nothing. */
export function isStandardDomain(domain: string | undefined): boolean {
  return domain === undefined || domain === "" || domain === "ai.onnx";
}
