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

/** Nodes that one region may have: what lies further on is looked at from another Transpose. */
const MAX_NODES = 4096;

/** Constants up to this many bytes are copied where some readers want them as they are. */
const MAX_COPY = 1 << 16;

/** Operators that would work in another order of axes, and which orders their values would have. */
export interface Region {
  readonly graph: Graph;
  readonly plans: ReadonlyMap<Node, Relayout>;
  /** The first order that each value was wanted in. */
  readonly orders: ReadonlyMap<Value, Permutation>;
  /** Why the operators around it are not in it, first met first. */
  readonly border: readonly Refusal[];
}

/** What a region gains: the nodes that change, in no order. Undefined when no choice of them leaves fewer Transposes. */
export interface Turn {
  readonly region: Region;
  readonly nodes: ReadonlySet<Node>;
  readonly gain: number;
}

/** Everything that is led to another order when `value` has the order `perm`: along and against the flow, up to Transposes. */
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
 * Which of the region's nodes to change so that the fewest Transposes are left: a minimum cut between the changed ones and
 * the others. A value that is wanted in two orders costs a Transpose, one that a Transpose makes is free in one of them.
 */
export function bestTurn(region: Region, facts: Facts): Turn | undefined {
  const cut = new CutGraph();
  const vertices = new Map<Node, number>();
  for (const node of region.plans.keys()) vertices.set(node, cut.vertex());
  const values = new Set<Value>();
  for (const [node, plan] of region.plans) {
    for (const index of plan.inputs.keys()) values.add(node.inputs[index] ?? noValue(node));
    for (const index of plan.outputs.keys()) values.add(node.outputs[index] ?? noValue(node));
  }
  let before = 0;
  for (const value of values) before += addCosts(value, region, { cut, vertices, values }, facts);
  if (before === 0) return undefined;
  const { cost, onSourceSide } = cut.minimum();
  if (cost >= before) return undefined;
  const nodes = new Set([...vertices].flatMap(([node, vertex]) => (onSourceSide(vertex) ? [node] : [])));
  for (const node of nodes) {
    // A constant that two changes claim would keep only one of them.
    if (region.plans.get(node)?.elsewhere?.some((change) => nodes.has(change.node))) return undefined;
  }
  return { region, nodes, gain: before - cost };
}

function noValue(node: Node): never {
  throw new Error(`${node.label} changes a value that it has not`);
}

interface Board {
  readonly cut: CutGraph;
  readonly vertices: ReadonlyMap<Node, number>;
  readonly values: ReadonlySet<Value>;
}

/** Who wants a value how. */
interface Demand {
  /** Vertices of nodes that, changed, read it in another order, by that order. */
  readonly groups: ReadonlyMap<string, { readonly order: Permutation; readonly readers: readonly number[] }>;
  /** Transposes that go away when the value has this order itself. */
  readonly cancelled: readonly Permutation[];
  /** Somebody reads it as it is, whatever happens. */
  readonly fixed: boolean;
}

/** Adds what the value may cost to the cut, and gives the number of Transposes that there are for it now. */
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
    allReaders.push(...readers);
    const isOwn = own !== undefined && samePermutation(own.order, order);
    if (source !== undefined && isIdentity(composed(source, order))) continue;
    // One Transpose when any of them is changed, unless what makes the value is changed alike.
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
    // One that gives this region a value is counted there.
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

/** The order of the Transpose that makes the value; undefined when none does. */
export function sourceOrder(value: Value, facts: Facts): Permutation | undefined {
  const { producer } = value;
  if (!producer?.is("Transpose") || facts.isCall(producer)) return undefined;
  const perm = permutationOf(producer, facts);
  return isRefusal(perm) || producer.input(0) === undefined ? undefined : perm;
}

/** Constants come in any order. */
function isFree(value: Value): boolean {
  const tensor = constantTensor(value);
  if (tensor === undefined || tensor.data.kind === "missing") return false;
  if (bitsOf(tensor.dtype) < 8 && tensor.data.kind !== "strings") return false;
  return value.uses.size === 1 || tensor.byteLength <= MAX_COPY;
}
