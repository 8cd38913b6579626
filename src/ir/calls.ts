import { type Graph, isStandardDomain, type Node } from "./graph.js";
import type { FunctionDef, Model } from "./model.js";

/** The key by which nodes name a function. */
export function functionKey(domain: string | undefined, name: string, overload: string | undefined): string {
  return JSON.stringify([isStandardDomain(domain) ? "" : domain, name, overload ?? ""]);
}

/** What a call becomes when all calls in it are inlined. */
export interface Extent {
  /** The number of its nodes; perhaps more than 2^53. */
  readonly nodes: number;
  /** The bodies inside each other: 0 for a function without any. */
  readonly depth: number;
}

/** The function that each node calls, and what that comes to. Functions may call each other in chains of any length. */
export class Calls {
  readonly model: Model;
  readonly #byKey: ReadonlyMap<string, FunctionDef>;
  /** null: the function calls itself, directly or through others, or one that does. */
  readonly #extents = new Map<FunctionDef, Extent | null>();

  constructor(model: Model) {
    this.model = model;
    this.#byKey = new Map(
      model.functions.map((fn) => [functionKey(fn.domain, fn.name, fn.overload), fn] as const),
    );
  }

  /** The nodes of the model when all calls of functions of up to `limit` nodes are inlined. */
  inAll(limit: number = Number.POSITIVE_INFINITY): number {
    let nodes = nodesIn(this.model.graph);
    for (const fn of this.in(this.model.graph)) {
      const extent = this.extentOf(fn);
      if (extent !== undefined && extent.nodes <= limit) nodes += extent.nodes;
    }
    return nodes;
  }

  /** The function that the node calls. */
  of(node: Node): FunctionDef | undefined {
    return this.#byKey.get(functionKey(node.domain, node.opType, node.overload));
  }

  /** The function of each call in a graph and its bodies, as often as it is called. */
  *in(graph: Graph): Generator<FunctionDef, void, undefined> {
    for (const inner of graph.withSubgraphs()) {
      for (const node of inner.nodes()) {
        const fn = this.of(node);
        if (fn !== undefined) yield fn;
      }
    }
  }

  /** What a call of the function comes to; undefined for one that calls itself. */
  extentOf(fn: FunctionDef): Extent | undefined {
    const open = new Set<FunctionDef>();
    const stack = [fn];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (!this.#extents.has(top) && !open.has(top)) {
        open.add(top);
        const callees = new Set(this.in(top.body));
        const pending = [...callees].filter((callee) => !this.#extents.has(callee));
        if (pending.some((callee) => open.has(callee))) this.#extents.set(top, null);
        else for (const callee of pending) stack.push(callee);
        continue;
      }
      if (!this.#extents.has(top)) this.#extents.set(top, this.#conclude(top));
      open.delete(top);
      stack.pop();
    }
    return this.#extents.get(fn) ?? undefined;
  }

  /** The extent of a function whose callees are known. */
  #conclude(fn: FunctionDef): Extent | null {
    let nodes = nodesIn(fn.body);
    let depth = 0;
    for (const graph of fn.body.withSubgraphs()) {
      let level = 0;
      for (let outer = graph.parent; outer !== undefined; outer = outer.parent) level++;
      depth = Math.max(depth, level);
      for (const node of graph.nodes()) {
        const callee = this.of(node);
        if (callee === undefined) continue;
        const extent = this.#extents.get(callee);
        if (!extent) return null;
        nodes += extent.nodes;
        depth = Math.max(depth, level + extent.depth);
      }
    }
    return { nodes, depth };
  }
}

function nodesIn(graph: Graph): number {
  let nodes = 0;
  for (const inner of graph.withSubgraphs()) nodes += inner.nodeCount;
  return nodes;
}
