import { isStandardDomain, type Node } from "./graph.js";
import type { FunctionDef, Model } from "./model.js";

/** The names of a model's functions, to tell their calls from operators, for one state of its list of functions. */
export class Callees {
  readonly #model: Model;
  #functions: readonly FunctionDef[] | undefined;
  #keys: ReadonlySet<string> = new Set();

  constructor(model: Model) {
    this.#model = model;
  }

  /** True when the node calls a function of the model, even one with the name of an operator. */
  isCall(node: Node): boolean {
    const { functions } = this.#model;
    if (this.#functions !== functions) {
      this.#functions = functions;
      this.#keys = new Set(functions.map((fn) => keyOf(fn.domain, fn.name)));
    }
    return this.#keys.size > 0 && this.#keys.has(keyOf(node.domain, node.opType));
  }
}

function keyOf(domain: string | undefined, name: string): string {
  return isStandardDomain(domain) ? name : `${domain}.${name}`;
}
