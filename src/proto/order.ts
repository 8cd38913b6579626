import { present } from "../base/assert.js";
import type { NormfoldError } from "../base/errors.js";
import { errors } from "./errors.js";
import { type GraphRecord, type NodeRecord, nodeLabel } from "./records.js";

/** The names that each graph reads from the graphs around it. Kept, so that each graph is searched once. */
export type CapturedNames = Map<GraphRecord, ReadonlySet<string>>;

/** The names that `graph` (with its subgraphs) reads and does not define. */
export function capturedNames(graph: GraphRecord, cache: CapturedNames): ReadonlySet<string> {
  const known = cache.get(graph);
  if (known !== undefined) return known;
  const defined = new Set<string>(graph.inputs.map((info) => info.name));
  for (const tensor of graph.initializers) defined.add(tensor.meta.name ?? "");
  for (const sparse of graph.sparse) defined.add(sparse.values.meta.name ?? "");
  for (const node of graph.nodes) for (const name of node.outputs) defined.add(name);
  const free = new Set<string>();
  const read = (name: string): void => {
    if (name !== "" && !defined.has(name)) free.add(name);
  };
  for (const node of graph.nodes) for (const name of namesRead(node, cache)) read(name);
  for (const info of graph.outputs) read(info.name);
  cache.set(graph, free);
  return free;
}

/** The names a node reads, its subgraphs' captures included. */
function namesRead(node: NodeRecord, cache: CapturedNames): Iterable<string> {
  const bodies = node.attributes.flatMap((attr) => ("bodies" in attr ? attr.bodies : []));
  if (bodies.length === 0) return node.inputs;
  return [...node.inputs, ...bodies.flatMap((body) => [...capturedNames(body, cache)])];
}

/**
 * The nodes with every producer before its users. ONNX demands that order, but some exporters do not keep it: nodes that
 * come too late are moved forward, and the others stay in place. Throws "invalid" with the nodes of a cycle.
 */
export function orderedNodes(
  graph: GraphRecord,
  producers: ReadonlyMap<string, number>,
  cache: CapturedNames,
): readonly NodeRecord[] {
  const { nodes } = graph;
  const dependencies = (index: number): number[] => {
    const found: number[] = [];
    for (const name of namesRead(nodeAt(nodes, index), cache)) {
      const producer = producers.get(name);
      if (producer !== undefined) found.push(producer);
    }
    return found;
  };
  const inOrder = nodes.every((_, index) => dependencies(index).every((producer) => producer < index));
  return inOrder ? nodes : depthFirst(nodes, dependencies);
}

function nodeAt(nodes: readonly NodeRecord[], index: number): NodeRecord {
  return present(nodes[index], "node index in range");
}

interface Visit {
  readonly index: number;
  readonly pending: number[];
}

/** Depth-first with an explicit stack, because chains may be as long as the graph. */
function depthFirst(
  nodes: readonly NodeRecord[],
  dependencies: (index: number) => number[],
): readonly NodeRecord[] {
  const state = new Uint8Array(nodes.length);
  const OPEN = 1;
  const DONE = 2;
  const ordered: NodeRecord[] = [];
  for (let root = 0; root < nodes.length; root++) {
    if (state[root] === DONE) continue;
    const stack: Visit[] = [{ index: root, pending: dependencies(root).reverse() }];
    state[root] = OPEN;
    for (let visit = stack.at(-1); visit !== undefined; visit = stack.at(-1)) {
      const next = visit.pending.pop();
      if (next === undefined) {
        state[visit.index] = DONE;
        ordered.push(nodeAt(nodes, visit.index));
        stack.pop();
      } else if (state[next] === OPEN) {
        throw cycleError(nodes, stack, next);
      } else if (state[next] !== DONE) {
        state[next] = OPEN;
        stack.push({ index: next, pending: dependencies(next).reverse() });
      }
    }
  }
  return ordered;
}

const NAMED = 6;

function cycleError(nodes: readonly NodeRecord[], stack: readonly Visit[], entry: number): NormfoldError {
  const from = stack.findIndex((visit) => visit.index === entry);
  // The stack goes from users to producers; data flows the other way.
  const cycle = stack.slice(from).map((visit) => nodeAt(nodes, visit.index));
  const labels = [nodeAt(nodes, entry), ...cycle.reverse()].map(nodeLabel);
  const shown = labels.length > NAMED ? [...labels.slice(0, NAMED), "..."] : labels;
  return errors.nodesFormCycle(shown).at({ offset: nodeAt(nodes, entry).offset });
}
