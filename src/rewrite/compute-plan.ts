import { Estimator, type NodeEstimate } from "../analysis/estimate.js";
import { isRefusal, type Refusal } from "../base/refusal.js";
import type { Node } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import type { Candidate } from "./candidates.js";
import { refusals } from "./refusals.js";

/**
 * The most bytes of values that one computation of constants makes, all of them counted, beside BYTES_PER_BYTE for each byte
 * of the constants that it reads. A runtime frees some on the way; which ones is its own affair.
 */
export const MOST_BYTES: number = 2 ** 29;
const BYTES_PER_BYTE = 4;
/** The most operations of all computations of one run, a second or two, beside some for each byte of the constants. */
export const MOST_OPERATIONS: number = 2 ** 31;
const OPERATIONS_PER_BYTE = 16;
/** The most nodes that planning visits: the same nodes may lead to many results. */
const MOST_VISITS = 2 ** 22;
/** Computations of at most this share of the operations are small. */
const SMALL_SHARE = 2 ** -10;

/** The nodes that may be computed, each with what it takes. */
export type Computable = ReadonlyMap<Node, NodeEstimate>;

/**
 * The nodes whose inputs are constants or come from such nodes, as far as it is known what they take. `mayCompute` says
 * whether a node gives the same in each run; `unsized` is called for those that are left out because only a run tells the
 * size of their outputs. Values that such a node reads are computed alone; then its size may be known.
 */
export function computableNodes(
  nodes: Iterable<Node>,
  facts: Facts,
  mayCompute: (node: Node) => boolean,
  unsized: (node: Node) => void = () => undefined,
): Computable {
  const computable = new Map<Node, NodeEstimate>();
  const estimator = new Estimator(facts);
  for (const node of nodes) {
    const isConstant = node.inputs.every(
      (value) =>
        value === null ||
        constantTensor(value) !== undefined ||
        (value.producer !== undefined && computable.has(value.producer)),
    );
    if (!isConstant || !mayCompute(node)) continue;
    const estimate = estimator.node(node);
    if (estimate === undefined) unsized(node);
    else computable.set(node, estimate);
  }
  return computable;
}

/** What nodes take together. */
interface Cost {
  readonly bytes: number;
  readonly operations: number;
  /** The bytes of the constants that the nodes read, each counted once. */
  readonly constants: number;
}

const NO_COST: Cost = { bytes: 0, operations: 0, constants: 0 };

function sumOf(a: Cost, b: Cost): Cost {
  return {
    bytes: a.bytes + b.bytes,
    operations: a.operations + b.operations,
    constants: a.constants + b.constants,
  };
}

/** The operations beyond those that the size of the constants allows for. */
function excessOf({ operations, constants }: Cost): number {
  return Math.max(0, operations - OPERATIONS_PER_BYTE * constants);
}

/** Why no computation may take so much. */
function objectionTo(cost: Cost): Refusal | undefined {
  const limit = MOST_BYTES + BYTES_PER_BYTE * cost.constants;
  if (!(cost.bytes <= limit)) return refusals.computingTakesTooMuchMemory(cost.bytes, limit);
  if (excessOf(cost) <= MOST_OPERATIONS) return undefined;
  return refusals.computingTakesTooLong(cost.operations, MOST_OPERATIONS);
}

/** Nodes and the constants that they read. */
interface Cone {
  readonly nodes: Set<Node>;
  readonly constants: Set<Tensor>;
  cost: Cost;
}

/** The state of planning. */
interface Search {
  readonly computable: Computable;
  /** The nodes of results that are refused: what is computed from them takes no less. */
  readonly dear: Map<Node, Refusal>;
  /** The nodes visited so far. */
  visits: number;
}

/** Results that one session computes, with all nodes that lead to them. */
interface Batch extends Cone {
  readonly results: Candidate[];
}

/**
 * The results to compute, in batches of which each stays within the limits. Where all of them would take more operations than
 * the run has left, only small ones are computed, or none, so that a second run does not go on. `refused` is told about the
 * others. `spent` counts the operations of the run.
 */
export function planComputation(
  candidates: readonly Candidate[],
  computable: Computable,
  spent: { operations: number },
  refused: (node: Node, refusal: Refusal) => void,
): readonly (readonly Candidate[])[] {
  const batches: Batch[] = [];
  const costs = new Map<Candidate, Cost>();
  const search: Search = { computable, dear: new Map(), visits: 0 };
  for (const candidate of candidates) {
    const batch = batches.at(-1);
    const more = batch && coneOf(candidate.node, search, batch);
    if (batch !== undefined && more !== undefined && !isRefusal(more)) {
      const cost = sumOf(batch.cost, more.cost);
      if (objectionTo(cost) === undefined) {
        join(batch, candidate, more, cost);
        costs.set(candidate, more.cost);
        continue;
      }
    }
    const cone = coneOf(candidate.node, search);
    if (!isRefusal(cone)) {
      batches.push({ results: [candidate], ...cone });
      costs.set(candidate, cone.cost);
    } else {
      search.dear.set(candidate.node, cone);
      refused(candidate.node, cone);
    }
  }
  return affordable(batches, costs, spent, refused);
}

function join(batch: Batch, candidate: Candidate, { nodes, constants }: Cone, cost: Cost): void {
  batch.results.push(candidate);
  for (const node of nodes) batch.nodes.add(node);
  for (const tensor of constants) batch.constants.add(tensor);
  batch.cost = cost;
}

/**
 * The nodes that `node` is computed by and the constants that they read, without those that are in `known`. The search ends
 * at a node that takes too much already.
 */
function coneOf(node: Node, search: Search, known?: Cone): Cone | Refusal {
  const nodes = new Set<Node>();
  const constants = new Set<Tensor>();
  let cost = NO_COST;
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const estimate = search.computable.get(next);
    if (estimate === undefined || nodes.has(next) || known?.nodes.has(next) === true) continue;
    const refusal =
      search.dear.get(next) ??
      (search.visits++ < MOST_VISITS ? undefined : refusals.tooManyNodesLeadToConstants(MOST_VISITS));
    if (refusal !== undefined) return refusal;
    nodes.add(next);
    cost = sumOf(cost, { ...estimate, constants: 0 });
    for (const value of next.inputs) {
      const tensor = constantTensor(value ?? undefined);
      if (tensor === undefined) {
        if (value?.producer !== undefined) pending.push(value.producer);
      } else if (!constants.has(tensor) && known?.constants.has(tensor) !== true) {
        constants.add(tensor);
        cost = sumOf(cost, { bytes: 0, operations: 0, constants: tensor.byteLength });
      }
    }
  }
  return objectionTo(cost) ?? { nodes, constants, cost };
}

function affordable(
  batches: readonly Batch[],
  costs: ReadonlyMap<Candidate, Cost>,
  spent: { operations: number },
  refused: (node: Node, refusal: Refusal) => void,
): readonly (readonly Candidate[])[] {
  const left = MOST_OPERATIONS - spent.operations;
  const excess = (candidate: Candidate): number => excessOf(costs.get(candidate) ?? NO_COST);
  const isSmall = (candidate: Candidate): boolean => excess(candidate) <= MOST_OPERATIONS * SMALL_SHARE;
  const all = batches.flatMap(({ results }) => results);
  const sum = (some: readonly Candidate[]): number =>
    some.reduce((operations, candidate) => operations + excess(candidate), 0);
  const total = sum(all);
  const small = sum(all.filter(isSmall));
  const isKept = total <= left ? () => true : small <= left ? isSmall : () => false;
  spent.operations += sum(all.filter(isKept));
  return batches.flatMap(({ results }) => {
    for (const candidate of results) {
      if (!isKept(candidate)) refused(candidate.node, refusals.computingTakesTooLong(total, MOST_OPERATIONS));
    }
    const rest = results.filter(isKept);
    return rest.length === 0 ? [] : [rest];
  });
}
