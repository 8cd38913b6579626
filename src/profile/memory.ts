import { Estimator } from "../analysis/estimate.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { hasTrait } from "../ops/catalogue.js";
import type { Facts } from "../rules/facts.js";

/** The most memory that values take at one time. */
export interface PeakMemory {
  /** Bytes of the inputs and of all values that are computed and will still be read; weights and scratch memory are not in it. */
  readonly bytes: number;
  /** The label of the node of the model's graph that runs then; undefined for a graph without nodes. */
  readonly at: string | undefined;
  /** False where the sizes of some values are not known: the peak is at least this. */
  readonly isComplete: boolean;
}

/**
 * The peak in the order of the nodes, which is onnxruntime's: a value lives from its node to its last reader, in bodies too; a view,
 * and an elementwise operator on an input that nobody reads later, writes into its input's place. A body's own values live while
 * its node runs. The caller's inputs and the outputs live to the end.
 */
export function peakMemory(model: Model, facts: Facts): PeakMemory {
  return new Walk(facts).graph(model.graph);
}

class Walk {
  readonly #estimator: Estimator;
  #isComplete = true;

  constructor(facts: Facts) {
    this.#estimator = new Estimator(facts);
  }

  graph(graph: Graph): PeakMemory {
    // The inputs of a body are values of the graph around it, or live as long as its outputs there.
    let live = graph.owner === undefined ? this.#bytes(graph.inputs) : 0;
    let [bytes, at] = [live, undefined as string | undefined];
    const dying = dyingAfter(graph);
    for (const node of graph.nodes()) {
      // It bounds the outputs whose sizes a run tells.
      this.#estimator.node(node);
      const made = this.#bytes(node.outputs);
      const freed = this.#bytes(dying.get(node) ?? []);
      const inner = Math.max(0, ...node.subgraphs.map((body) => this.graph(body).bytes));
      const isInPlace = hasTrait(node, "view") || hasTrait(node, "pointwise");
      const during = live + inner + made - (isInPlace ? Math.min(freed, made) : 0);
      if (at === undefined || during > bytes) [bytes, at] = [Math.max(bytes, during), node.label];
      live += made - freed;
    }
    return { bytes, at, isComplete: this.#isComplete };
  }

  /** The bytes of values; none for constants, which are weights, and for sizes that are not known. */
  #bytes(values: readonly (Value | null)[]): number {
    let bytes = 0;
    for (const value of values) {
      if (value === null || value.tensor !== undefined || value.sparse !== undefined) continue;
      if (value.producer?.is("Constant")) continue;
      const own = this.#estimator.bytes(value);
      if (own === undefined) this.#isComplete = false;
      bytes += own ?? 0;
    }
    return bytes;
  }
}

/** By node of the graph the computed values that it, or a body of it, is the last to read; nobody reads an output. */
function dyingAfter(graph: Graph): ReadonlyMap<Node, readonly Value[]> {
  const order = new Map<Node, number>();
  for (const node of graph.nodes()) order.set(node, order.size);
  const dying = new Map<Node, Value[]>();
  for (const node of order.keys()) {
    for (const value of node.outputs) {
      const last = value === null || value.isGraphOutput ? undefined : lastReader(value, graph, order, node);
      if (value === null || last === undefined) continue;
      const own = dying.get(last);
      if (own === undefined) dying.set(last, [value]);
      else own.push(value);
    }
  }
  return dying;
}

function lastReader(value: Value, graph: Graph, order: ReadonlyMap<Node, number>, producer: Node): Node {
  let last = producer;
  for (const user of value.users) {
    let reader: Node | undefined = user;
    while (reader !== undefined && reader.graph !== graph) reader = reader.graph?.owner;
    if (reader !== undefined && (order.get(reader) ?? 0) > (order.get(last) ?? 0)) last = reader;
  }
  return last;
}
