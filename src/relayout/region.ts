import { present } from "../base/assert.js";
import { isRefusal, type Refusal } from "../base/refusal.js";
import { bitsOf } from "../ir/dtype.js";
import { canTakeName, type Graph, type Node, type Value } from "../ir/graph.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import type { Anchor, Relayout } from "../rules/layout/facet.js";
import {
  composed,
  isIdentity,
  type Permutation,
  permutationOf,
  samePermutation,
} from "../rules/layout/permutation.js";
import { CutGraph, SINK, SOURCE } from "./min-cut.js";
import { relayout } from "./relayout.js";

/** The most nodes of a region; nodes further away belong to the region of another Transpose. */
const MAX_NODES = 4096;

/** Constants of up to this many bytes are copied if some readers need the old axis order. */
const MAX_COPY = 1 << 16;

/** Operators that could work in another axis order, and the orders that their values would have. */
export interface Region {
  readonly graph: Graph;
  readonly plans: ReadonlyMap<Node, Relayout>;
  /** The first order that an operator required, by value. */
  readonly orders: ReadonlyMap<Value, Permutation>;
  /** The refusals of the operators around it, in the order in which they were met. */
  readonly border: readonly Refusal[];
}

/** The nodes of a region that are to change, and how many Transposes fewer that leaves. */
export interface Turn {
  readonly region: Region;
  readonly nodes: ReadonlySet<Node>;
  readonly gain: number;
}

/** All operators that another order `perm` of `value` leads to: with and against the flow of data, up to Transposes. */
export function growRegion(graph: Graph, value: Value, perm: Permutation, facts: Facts): Region {
  const plans = new Map<Node, Relayout>();
  const orders = new Map<Value, Permutation>([[value, perm]]);
  const refused = new Map<Node, Refusal>();
  const queue: Value[] = [value];

  const include = (node: Node, anchor: Anchor): void => {
    if (node.graph !== graph || node.is("Transpose", "Constant")) return;
    if (plans.has(node) || refused.has(node) || plans.size >= MAX_NODES) return;
    const plan = relayout(node, anchor, facts);
    if (isRefusal(plan)) {
      refused.set(node, plan);
      return;
    }
    plans.set(node, plan);
    const assign = (next: Value | null | undefined, order: Permutation): void => {
      if (!next || orders.has(next) || constantTensor(next) !== undefined) return;
      orders.set(next, order);
      queue.push(next);
    };
    for (const [index, order] of plan.inputs) assign(node.inputs[index], order);
    for (const [index, order] of plan.outputs) assign(node.outputs[index], order);
  };

  for (const next of queue) {
    const order = orders.get(next) ?? perm;
    const { producer } = next;
    if (producer !== undefined) {
      include(producer, { side: "output", index: producer.outputs.indexOf(next), perm: order });
    }
    for (const use of next.uses) {
      if (use.kind === "node") include(use.node, { side: "input", index: use.index, perm: order });
    }
  }
  return { graph, plans, orders, border: [...refused.values()] };
}

/**
 * The nodes of the region to change so that the fewest Transposes are left, as a minimum cut between changed and unchanged
 * nodes; undefined where no choice leaves fewer. A value that is needed in two orders costs a Transpose; the output of a
 * Transpose is free in the order of its input.
 */
export function bestTurn(region: Region, facts: Facts): Turn | undefined {
  const cut = new CutGraph();
  const vertices = new Map<Node, number>();
  for (const node of region.plans.keys()) vertices.set(node, cut.vertex());
  const values = new Set<Value>();
  for (const [node, plan] of region.plans) {
    for (const index of plan.inputs.keys())
      values.add(present(node.inputs[index], `the input that ${node.label} changes`));
    for (const index of plan.outputs.keys())
      values.add(present(node.outputs[index], `the output that ${node.label} changes`));
  }
  let before = 0;
  for (const value of values) before += addCosts(value, region, { cut, vertices, values }, facts);
  if (before === 0) return undefined;
  const { cost, onSourceSide } = cut.minimum();
  if (cost >= before) return undefined;
  const nodes = new Set([...vertices].flatMap(([node, vertex]) => (onSourceSide(vertex) ? [node] : [])));
  for (const node of nodes) {
    // A constant that two changes replace would get only one of them.
    if (region.plans.get(node)?.elsewhere?.some((change) => nodes.has(change.node))) return undefined;
  }
  return { region, nodes, gain: before - cost };
}

interface Board {
  readonly cut: CutGraph;
  readonly vertices: ReadonlyMap<Node, number>;
  readonly values: ReadonlySet<Value>;
}

/** The orders in which the readers of a value need it. */
interface Demand {
  /** For each order, the vertices of the nodes that read the value in this order if they are changed. */
  readonly groups: ReadonlyMap<string, { readonly order: Permutation; readonly readers: readonly number[] }>;
  /** The orders of Transposes that are removed if the value itself has their order. */
  readonly cancelled: readonly Permutation[];
  /** Whether a reader always needs the old order. */
  readonly fixed: boolean;
}

/** Adds the costs of the value to the cut, and gives the number of Transposes that it has now. */
function addCosts(value: Value, region: Region, { cut, vertices, values }: Board, facts: Facts): number {
  const demand = demandOf(value, region, vertices, values, facts);
  const { producer } = value;
  const output = producer?.outputs.indexOf(value) ?? -1;
  const made = producer === undefined ? undefined : region.plans.get(producer)?.outputs.get(output);
  const makes = producer === undefined ? undefined : vertices.get(producer);
  const own = made !== undefined && makes !== undefined ? { order: made, vertex: makes } : undefined;
  const source = sourceOrder(value, facts);
  if (own === undefined && source === undefined && isFree(value)) return 0;

  const allReaders: number[] = [];
  for (const { order, readers } of demand.groups.values()) {
    for (const reader of readers) allReaders.push(reader);
    const isOwn = own !== undefined && samePermutation(own.order, order);
    if (source !== undefined && isIdentity(composed(source, order))) continue;
    // One Transpose if any of them is changed, unless the producer of the value is changed to the same order.
    const any = cut.vertex();
    for (const reader of readers) cut.edge(reader, any, Number.POSITIVE_INFINITY);
    cut.edge(any, isOwn ? own.vertex : SINK, 1);
  }
  if (source !== undefined) {
    if (demand.fixed || demand.cancelled.length > 0) return 0;
    const asItIs = cut.vertex();
    cut.edge(SOURCE, asItIs, 1);
    for (const reader of allReaders) cut.edge(asItIs, reader, Number.POSITIVE_INFINITY);
    return 1;
  }
  if (own === undefined) return 0;
  if (demand.fixed) cut.edge(own.vertex, SINK, 1);
  else if (allReaders.length > 0) {
    const asItIs = cut.vertex();
    cut.edge(own.vertex, asItIs, 1);
    for (const reader of allReaders) cut.edge(asItIs, reader, Number.POSITIVE_INFINITY);
  }
  const cancels = demand.cancelled.filter((order) => samePermutation(order, own.order)).length;
  if (cancels > 0) cut.edge(SOURCE, own.vertex, cancels);
  return cancels;
}

function demandOf(
  value: Value,
  region: Region,
  vertices: ReadonlyMap<Node, number>,
  values: ReadonlySet<Value>,
  facts: Facts,
): Demand {
  const groups = new Map<string, { order: Permutation; readers: number[] }>();
  const cancelled: Permutation[] = [];
  let fixed = false;
  let namesOutput = false;
  for (const use of value.uses) {
    const node = use.kind === "node" && use.node.graph === region.graph ? use.node : undefined;
    const order =
      node === undefined || use.kind !== "node" ? undefined : region.plans.get(node)?.inputs.get(use.index);
    const vertex = node === undefined ? undefined : vertices.get(node);
    if (order !== undefined && vertex !== undefined) {
      const key = order.join();
      const group = groups.get(key) ?? { order, readers: [] };
      group.readers.push(vertex);
      groups.set(key, group);
      continue;
    }
    const perm = node?.is("Transpose") ? permutationOf(node, facts) : undefined;
    const result = node?.output(0);
    // A Transpose whose output is a value of this region is counted there.
    if (perm === undefined || isRefusal(perm) || result === undefined || values.has(result)) fixed = true;
    else if (!result.isGraphOutput && !result.isPinned) cancelled.push(perm);
    else if (result.isPinned || namesOutput || !canTakeName(result, value)) fixed = true;
    else {
      namesOutput = true;
      cancelled.push(perm);
    }
  }
  return { groups, cancelled, fixed };
}

/** The order of the Transpose that computes the value; undefined for other values. */
export function sourceOrder(value: Value, facts: Facts): Permutation | undefined {
  const { producer } = value;
  if (!producer?.is("Transpose") || facts.isCall(producer)) return undefined;
  const perm = permutationOf(producer, facts);
  return isRefusal(perm) || producer.input(0) === undefined ? undefined : perm;
}

/** Whether a constant costs nothing in another order. */
function isFree(value: Value): boolean {
  const tensor = constantTensor(value);
  if (tensor === undefined || tensor.data.kind === "missing") return false;
  if (bitsOf(tensor.dtype) < 8 && tensor.data.kind !== "strings") return false;
  return value.uses.size === 1 || tensor.byteLength <= MAX_COPY;
}
