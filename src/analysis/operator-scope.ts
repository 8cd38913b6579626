import { Callees } from "../ir/callees.js";
import type { Graph, Node } from "../ir/graph.js";
import { type FunctionDef, type Model, type OpsetImport, opsetOf } from "../ir/model.js";

/** Resolves an operator's name at a node: an operator of the imported version, or a function of the model. */
export class OperatorScope {
  readonly #model: Model;
  #functions: readonly FunctionDef[] | undefined;
  /** The imports of each function's body, for one state of the model's list of functions. */
  #imports: ReadonlyMap<Graph, readonly OpsetImport[]> = new Map();
  readonly #callees: Callees;

  constructor(model: Model) {
    this.#model = model;
    this.#callees = new Callees(model);
  }

  /** The version of the operator set that the node is in; undefined when its domain is not imported. */
  opset(node: Node): number | undefined {
    return opsetOf(this.#importsOf(node), node.domain);
  }

  /** True when the node calls a function of the model. */
  isCall(node: Node): boolean {
    return this.#callees.isCall(node);
  }

  /** A function's body has imports of its own; every other graph has the model's. */
  #importsOf(node: Node): readonly OpsetImport[] {
    let graph = node.graph;
    while (graph?.parent !== undefined) graph = graph.parent;
    if (graph === undefined || graph === this.#model.graph) return this.#model.opsetImports;
    const { functions, opsetImports } = this.#model;
    if (this.#functions !== functions) {
      this.#functions = functions;
      this.#imports = new Map(functions.map((fn) => [fn.body, fn.opsetImports] as const));
    }
    return this.#imports.get(graph) ?? opsetImports;
  }
}
