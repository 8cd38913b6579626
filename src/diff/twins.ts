import type { Graph, Node, Value } from "../ir/graph.js";
import { Contents, type Weight, weightOf } from "./weights.js";

/** What has been found to be the same thing in two models: values, and nodes. */
export class Twins {
  readonly #values = new Map<Value, Value>();
  readonly #nodes = new Map<Node, Node>();
  readonly #graphs = new Map<Graph, Graph>();
  readonly #taken = new Set<Node>();
  readonly #contents = new Contents();
  readonly #numbers = new Map<Value, number>();

  /** Pairs two values; the first pair of a value stays. */
  pairValues(a: Value, b: Value): void {
    if (!this.#values.has(a)) this.#values.set(a, b);
  }

  /** Pairs two graphs. */
  pairGraphs(a: Graph, b: Graph): void {
    this.#graphs.set(a, b);
  }

  /** The output of the second model that is the output `index` of `graph` there: that of the same name, else the same place. */
  outputOf(graph: Graph, index: number): Value | undefined {
    const [name, other] = [graph.outputs[index]?.name, this.#graphs.get(graph)];
    return other?.outputs.find((value) => value.name === name) ?? other?.outputs[index];
  }

  /** Pairs two nodes, and their outputs in order. */
  pairNodes(a: Node, b: Node): void {
    this.#nodes.set(a, b);
    this.#taken.add(b);
    for (const [index, output] of a.outputs.entries()) {
      const other = b.output(index);
      if (output !== null && other !== undefined) this.pairValues(output, other);
    }
  }

  /** The node of the second model that is `a` there. */
  nodeOf(a: Node): Node | undefined {
    return this.#nodes.get(a);
  }

  /** The value of the second model that is `a` there. */
  valueOf(a: Value): Value | undefined {
    return this.#values.get(a);
  }

  /** True for a node of the second model that has a twin. */
  isTaken(b: Node): boolean {
    return this.#taken.has(b);
  }

  /**
   * True where both are the same value: twins, constants with the same elements, or skipped inputs. Where the node that gave it
   * is gone and another has taken its name, whoever reads it has not changed.
   */
  areSame(a: Value | null | undefined, b: Value | null | undefined): boolean {
    if (!a || !b) return !a && !b;
    const twin = this.#values.get(a);
    if (twin === b || (twin === undefined && a.producer !== undefined && a.name === b.name)) return true;
    const [x, y] = [weightOf(a), weightOf(b)];
    return x !== undefined && y !== undefined && this.contentOf(x) === this.contentOf(y);
  }

  /** A text for a value of the second model, or of the first by what it is there; the same text means the same value. */
  keyOf(value: Value, of: "first" | "second"): string | undefined {
    const weight = weightOf(value);
    const own = of === "second" ? value : this.#values.get(value);
    // A constant whose elements changed is still the constant of that name.
    if (weight !== undefined && (own === undefined || weightOf(own) !== undefined))
      return `constant ${this.contentOf(weightOf(own ?? value) ?? weight)}`;
    if (own === undefined) return undefined;
    const number = this.#numbers.get(own) ?? this.#numbers.size;
    this.#numbers.set(own, number);
    return `value ${number}`;
  }

  /** The number of a constant's content. */
  contentOf({ tensor }: Weight): number {
    return this.#contents.idOf(tensor);
  }
}
