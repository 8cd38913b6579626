import type { SparseTensor } from "./attribute.js";
import type { Graph } from "./graph.js";
import type { Node } from "./node.js";
import { SmallSet } from "./small-set.js";
import type { Tensor } from "./tensor.js";
import { tensorType, type ValueType } from "./type.js";

/** metadata_props: ordered, duplicates kept as they were read. */
export interface MetadataEntry {
  /** The key; one may occur more than once. */
  readonly key: string;
  /** Its value. */
  readonly value: string;
  /** The StringStringEntryProto as it was read, where key and value alone would not give the same bytes. */
  readonly wire?: Uint8Array;
}

/** A ValueInfoProto: the declaration of a value. `wire` is written back verbatim while the name is the same. */
export interface ValueInfo {
  /** The name that the declaration gives the value. */
  readonly name: string;
  /** The declared type; undefined where the declaration says none. */
  readonly type?: ValueType | undefined;
  /** Documentation for people. */
  readonly docString?: string | undefined;
  /** metadata_props of the value. */
  readonly metadata?: readonly MetadataEntry[] | undefined;
  /** The ValueInfoProto as it was read. */
  readonly wire?: Uint8Array | undefined;
  /** Its place in the value_info list it was read from, so that writing keeps the order. */
  readonly order?: number | undefined;
}

/** One place that reads a value. Exact: subgraph captures, graph outputs and annotations are uses like any other. */
export type Use =
  | { readonly kind: "node"; readonly node: Node; readonly index: number }
  | { readonly kind: "output"; readonly graph: Graph; readonly index: number }
  /**
   * Something outside the graph names the value; it may not vanish or change. `reason` is a clause: "a caller keeps
   * it".
   */
  | { readonly kind: "pin"; readonly reason: string };

const NO_USES: ReadonlySet<Use> = new Set();
const NO_PINS: readonly string[] = [];

/**
 * A value: an object with identity; its name is only a label. It is a graph input, an initializer, both (an input
 * with a default), or the output of a node.
 */
export class Value {
  /** The graph in whose scope the value is defined. */
  readonly graph: Graph;
  /** The node whose output it is; undefined for inputs and initializers. */
  readonly producer: Node | undefined;
  /** The data of an initializer. */
  tensor: Tensor | undefined;
  /** The data of a sparse initializer. */
  sparse: SparseTensor | undefined;
  /** The declaration of the value in the model, if it has one. */
  info: ValueInfo | undefined;
  #name: string;
  /** The set is made with the first use, because outputs of large splits have none. */
  #uses: SmallSet<Use> | undefined;
  /** Counted apart from the other uses, because every pass asks for it and a constant may have 100,000 readers. */
  #outputUses = 0;
  #pins: readonly string[] = NO_PINS;

  /** Use Graph.addInput, addInitializer and addNode. */
  constructor(graph: Graph, name: string, producer: Node | undefined) {
    this.graph = graph;
    this.producer = producer;
    this.#name = name;
    graph.scope.claim(name);
  }

  /** The name; it changes with `rename`. */
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

  /** The declared type, if there is one. Facts know more. */
  get type(): ValueType | undefined {
    return this.info?.type;
  }

  /** Every place that reads the value, in all graphs. */
  get uses(): ReadonlySet<Use> {
    return this.#uses ?? NO_USES;
  }

  /** The node uses, in no particular order. */
  get users(): Node[] {
    const users: Node[] = [];
    for (const use of this.uses) if (use.kind === "node") users.push(use.node);
    return users;
  }

  /** True for an input of its graph, with or without a default value. */
  get isGraphInput(): boolean {
    return this.graph.hasInput(this);
  }

  /** True when it is an output of a graph: its own, or a body that hands it through. */
  get isGraphOutput(): boolean {
    return this.#outputUses > 0;
  }

  /** True when something outside the graph names it, so that it may not vanish or change. */
  get isPinned(): boolean {
    return this.#pins.length > 0;
  }

  /** The reason why the value may not vanish or change, as a clause; undefined when nothing outside the graph names it. */
  get pinnedBecause(): string | undefined {
    return this.#pins[0];
  }

  /**
   * An initializer whose value no caller can change. From IR version 4 on an initializer that is also a graph input is
   * only a default; before that, every initializer had to be listed as an input and is constant all the same.
   */
  get isConstant(): boolean {
    if (this.tensor === undefined || this.isPinned) return false;
    return !(this.graph.scope.initializersAreDefaults && this.isGraphInput);
  }

  /** Gives an initializer other data, and a declaration that fits them: as an input of IR version 3 it has to have one. */
  replaceTensor(tensor: Tensor): void {
    this.tensor = tensor;
    if (this.info === undefined || declares(this.info.type, tensor)) return;
    this.info = { ...this.info, type: tensorType(tensor.dtype, tensor.dims), wire: undefined };
  }

  /** Records a use. Graph and Node call it when they are edited; others only for pins. */
  addUse(use: Use): void {
    this.#uses ??= new SmallSet();
    if (this.#uses.has(use)) return;
    this.#uses.add(use);
    if (use.kind === "output") this.#outputUses++;
    else if (use.kind === "pin") this.#pins = [...this.#pins, use.reason];
  }

  /** Takes a use back, as addUse records it. */
  removeUse(use: Use): void {
    if (this.#uses?.delete(use) !== true) return;
    if (use.kind === "output") this.#outputUses--;
    else if (use.kind === "pin") this.#pins = this.#pins.toSpliced(this.#pins.indexOf(use.reason), 1);
  }
}

function declares(type: ValueType | undefined, { dtype, dims }: Tensor): boolean {
  if (type === undefined) return true;
  if (type.kind !== "tensor" || type.dtype !== dtype) return false;
  const { shape } = type;
  if (shape === undefined) return true;
  return shape.length === dims.length && shape.every((dim, i) => typeof dim !== "number" || dim === dims[i]);
}
