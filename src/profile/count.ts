import { Estimator } from "../analysis/estimate.js";
import { product } from "../base/integers.js";
import { graphsOf } from "../ir/attribute.js";
import { type Graph, isStandardDomain, type Node } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { Tensor } from "../ir/tensor.js";
import { declarationOf, hasTrait } from "../ops/catalogue.js";
import type { Facts } from "../rules/facts.js";
import { WORK_RULES, type Work } from "../rules/work.js";

/** What a run does, as the definitions of the operators say. */
export interface Operations {
  /** Products that are added to a sum; two floating-point operations each. */
  readonly multiplyAdds: number;
  /** Other operations on elements: sums, comparisons, functions such as exp, each counted once. Moving an element is none. */
  readonly others: number;
}

/** All nodes of one operator. */
export interface OperatorCount extends Operations {
  /** The operator: "Conv", "com.microsoft::Gelu". */
  readonly operator: string;
  /** Its nodes, those of bodies once. */
  readonly nodes: number;
  /** The elements of constants that its nodes read; a constant of several readers is the first one's. */
  readonly parameters: number;
  /** The bytes of the outputs that its nodes write in a run, as far as their sizes are known. */
  readonly bytesWritten: number;
}

/** Why nodes were not counted. */
export interface Uncounted {
  /** The operator, as in OperatorCount. */
  readonly operator: string;
  /** How many of its nodes. */
  readonly nodes: number;
  /**
   * size      a size that only a run tells
   * trips     a loop whose iterations only a run tells: its body is counted once
   * operator  an operator that is not of the standard
   */
  readonly reason: "size" | "trips" | "operator";
}

/** The count of a model. */
export interface Count extends Operations {
  /** By operator, the one with the most multiply-adds first. */
  readonly operators: readonly OperatorCount[];
  /** What the counts leave out. */
  readonly uncounted: readonly Uncounted[];
  /** The operators of which there is less to do than was counted, or as much: it hangs on the elements. */
  readonly atMost: readonly string[];
}

/** Counts a run of the model's graph by inferred sizes; bodies as often as they run. Calls of functions are not looked into. */
export function countModel(model: Model, facts: Facts): Count {
  const counter = new Counter(facts);
  counter.graph(model.graph, 1);
  return counter.result();
}

interface Tally {
  nodes: number;
  multiplyAdds: number;
  others: number;
  parameters: number;
  bytesWritten: number;
}

class Counter {
  readonly #facts: Facts;
  readonly #estimator: Estimator;
  readonly #tallies = new Map<string, Tally>();
  readonly #uncounted = new Map<string, Uncounted>();
  readonly #atMost = new Set<string>();
  readonly #seen = new Set<Tensor>();

  constructor(facts: Facts) {
    this.#facts = facts;
    this.#estimator = new Estimator(facts);
  }

  /** Counts a graph that runs `times`. */
  graph(graph: Graph, times: number): void {
    for (const node of graph.nodes()) {
      if (node.is("Constant")) continue;
      // It bounds the outputs whose sizes a run tells.
      this.#estimator.node(node);
      const tally = this.#tallyOf(node);
      tally.nodes++;
      tally.parameters += this.#parameters(node);
      for (const output of node.outputs) {
        if (output !== null) tally.bytesWritten += times * (this.#estimator.bytes(output) ?? 0);
      }
      if (node.subgraphs.length > 0) this.#bodies(node, times);
      else this.#add(node, tally, times);
    }
  }

  result(): Count {
    const operators = [...this.#tallies].map(([operator, tally]): OperatorCount => ({ operator, ...tally }));
    operators.sort(
      (a, b) =>
        b.multiplyAdds - a.multiplyAdds ||
        b.others - a.others ||
        b.bytesWritten - a.bytesWritten ||
        (a.operator < b.operator ? -1 : 1),
    );
    const sum = (of: (count: OperatorCount) => number): number =>
      operators.reduce((total, count) => total + of(count), 0);
    return {
      multiplyAdds: sum((count) => count.multiplyAdds),
      others: sum((count) => count.others),
      operators,
      uncounted: [...this.#uncounted.values()],
      atMost: [...this.#atMost],
    };
  }

  #tallyOf(node: Node): Tally {
    const name = operatorName(node);
    const known = this.#tallies.get(name);
    if (known !== undefined) return known;
    const tally = { nodes: 0, multiplyAdds: 0, others: 0, parameters: 0, bytesWritten: 0 };
    this.#tallies.set(name, tally);
    return tally;
  }

  #add(node: Node, tally: Tally, times: number): void {
    const declaration = declarationOf(node);
    if (declaration === undefined || this.#facts.isCall(node)) {
      if (node.inputs.length > 0) this.#leave(node, "operator");
      return;
    }
    const work = operationsOf(node, this.#estimator);
    if (work === undefined) {
      this.#leave(node, "size");
      return;
    }
    tally.multiplyAdds += times * (work.multiplyAdds ?? 0);
    tally.others += times * (work.others ?? 0);
    if (work.isBound) this.#atMost.add(operatorName(node));
  }

  /** A branch that is known to be taken, else all of them; a loop as often as it is known to run, else once. */
  #bodies(node: Node, times: number): void {
    if (node.is("If")) {
      const condition = node.input(0);
      const [taken] = (condition && this.#facts.numbers(condition)) ?? [];
      const name = taken === 0 ? "else_branch" : "then_branch";
      const branch = node.attribute(name);
      if (taken === undefined) this.#atMost.add("If");
      const bodies = taken === undefined || branch === undefined ? node.subgraphs : graphsOf(branch);
      for (const body of bodies) this.graph(body, times);
      return;
    }
    const trips = this.#estimator.trips(node);
    if (trips === undefined) this.#leave(node, "trips");
    for (const body of node.subgraphs) this.graph(body, times * (trips ?? 1));
  }

  #leave(node: Node, reason: Uncounted["reason"]): void {
    const operator = operatorName(node);
    const key = `${reason} ${operator}`;
    const nodes = (this.#uncounted.get(key)?.nodes ?? 0) + 1;
    this.#uncounted.set(key, { operator, nodes, reason });
  }

  #parameters(node: Node): number {
    let elements = 0;
    for (const value of node.inputs) {
      const constant = value?.producer;
      const tensor =
        value?.tensor ?? (constant?.is("Constant") ? constant.tensorAttribute("value") : undefined);
      if (tensor === undefined || this.#seen.has(tensor)) continue;
      this.#seen.add(tensor);
      elements += tensor.size;
    }
    return elements;
  }
}

/** The operator of a node, with its domain where that is not the standard one. */
export function operatorName(node: Node): string {
  return isStandardDomain(node.domain) ? node.opType : `${node.domain}::${node.opType}`;
}

/** What one run of a node without bodies does; undefined where a size that it needs is not known. */
function operationsOf(node: Node, estimator: Estimator): Work | undefined {
  const work = declarationOf(node)?.work;
  const sizes = estimator.sizesOf(node);
  if (work !== undefined) return WORK_RULES[work](sizes);
  const moves = hasTrait(node, "view") || hasTrait(node, "movesData") || hasTrait(node, "rearranges");
  const isCounted = hasTrait(node, "pointwise") || hasTrait(node, "quantizes") || hasTrait(node, "random");
  if (moves || !isCounted) return {};
  const output = sizes.output(0);
  if (output === undefined) return undefined;
  const elements = product(output);
  if (hasTrait(node, "quantizes")) return { multiplyAdds: elements };
  // A sum of n operands takes n - 1 additions.
  const isVariadic = Array.isArray(declarationOf(node)?.inputs) && hasTrait(node, "broadcasts");
  return { others: elements * (isVariadic ? Math.max(1, node.inputs.length - 1) : 1) };
}
