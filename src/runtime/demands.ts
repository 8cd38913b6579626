import { createFacts } from "../analysis/fact-table.js";
import { Calls } from "../ir/calls.js";
import { type Graph, isStandardDomain, type Node, type Use, type Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { hasTrait } from "../ops/catalogue.js";
import { OPERANDS } from "../ops/operands.js";
import { constantTensor } from "../rules/constants.js";
import { dimValues, type SymbolSizes } from "../rules/dim-value.js";
import { dimKey } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import type { Demand, OperandContext } from "../rules/operands/rule.js";
import { carriedBack, merged } from "./carried-demand.js";
import { sizeByUse } from "./size-by-use.js";

/** The sizes of each input of a model, for one run. */
export type InputSizes = ReadonlyMap<Value, readonly number[]>;

/** Readers are followed this far: graphs are large, and the reader of a shape is near. */
const DEPTH = 12;
/** Operators between a value and a declaration that tells its sizes. */
const HOPS = 6;

/**
 * What the readers of a model's inputs demand of their values, through any chain that only moves them. Nothing is computed
 * until it is asked for, and then only along that chain.
 */
export class Demands {
  readonly #calls: Calls;
  #facts: Facts | undefined;

  constructor(model: Model) {
    this.#calls = new Calls(model);
  }

  /** The demand on an input where the inputs have these sizes. `hints`: whether to follow declared sizes of outputs. */
  of(input: Value, sizes: InputSizes, hints: boolean): Demand | undefined {
    this.#facts ??= createFacts(this.#calls.model);
    return new Situation(this.#calls, this.#facts, sizes, hints).demandOn(input);
  }
}

/** The model in one run, in which sizes are numbers. */
class Situation {
  readonly #calls: Calls;
  readonly #facts: Facts;
  readonly #inputs: InputSizes;
  readonly #hints: boolean;
  readonly #bound = new Map<Value, readonly number[]>();
  #symbols: SymbolSizes | undefined;

  constructor(calls: Calls, facts: Facts, inputs: InputSizes, hints: boolean) {
    this.#calls = calls;
    this.#facts = facts;
    this.#inputs = inputs;
    this.#hints = hints;
  }

  demandOn(value: Value, depth = 0): Demand | undefined {
    let found: Demand | undefined;
    if (depth < DEPTH) for (const use of value.uses) found = merged(found, this.#demandOf(use, depth));
    return found;
  }

  #demandOf(use: Use, depth: number): Demand | undefined {
    if (use.kind !== "node") return undefined;
    const { node, index } = use;
    const callee = this.#facts.isCall(node) ? this.#calls.of(node) : undefined;
    if (callee !== undefined) {
      this.#bind(callee.body, node);
      return this.#demandInside([callee.body], index, depth);
    }
    const rule = isStandardDomain(node.domain) ? OPERANDS.rule(node.opType)?.[index] : undefined;
    if (rule !== undefined) return rule(this.#context(node, index));
    // Bodies of Loop and Scan take what the node takes, in the same places; those of If take nothing.
    if (node.subgraphs.length > 0) return this.#demandInside(node.subgraphs, index, depth);
    return carriedBack(
      node,
      index,
      (output) => this.demandOn(output, depth + 1),
      (value) => this.dims(value),
    );
  }

  #demandInside(bodies: readonly Graph[], index: number, depth: number): Demand | undefined {
    let found: Demand | undefined;
    for (const body of bodies) {
      const input = body.inputs[index];
      if (input !== undefined) found = merged(found, this.demandOn(input, depth + 1));
    }
    return found;
  }

  /** A function's body has no sizes of its own; they are those of the call that was followed last. */
  #bind(body: Graph, node: Node): void {
    body.inputs.forEach((input, at) => {
      const value = node.input(at);
      const dims = value && this.dims(value);
      if (dims !== undefined) this.#bound.set(input, dims);
    });
  }

  #context(node: Node, index: number): OperandContext {
    const operand = node.input(index);
    const dims = operand && this.dims(operand);
    return {
      node,
      index,
      opset: this.#facts.opset(node) ?? 0,
      count: dims?.reduce((product, size) => product * size, 1),
      dtype: operand && this.#facts.dtype(operand),
      dims: (at) => {
        const value = node.input(at);
        return value && this.dims(value);
      },
      numbers: (at) => this.#numbers(node, at),
      declared: (at) => {
        const value = node.output(at);
        return value && this.#hints ? this.#declared(value) : undefined;
      },
      sizeByWeight: (axis) => {
        const value = node.output(0);
        return value && sizeByUse(value, axis, this.#facts.rank(value), (user) => this.#facts.isCall(user));
      },
    };
  }

  #numbers(node: Node, index: number): readonly number[] | undefined {
    const value = node.input(index);
    const known = value && this.#facts.numbers(value);
    if (value === undefined || known !== undefined) return known;
    const demand = OPERANDS.rule(node.opType)?.[index]?.(this.#context(node, index));
    if (demand?.kind !== "elements") return undefined;
    const elements = demand.elements.filter((element) => element !== undefined);
    return elements.length === demand.elements.length ? elements : undefined;
  }

  /** The sizes of a value; undefined where they are not known. */
  dims(value: Value): readonly number[] | undefined {
    return (
      this.#inputs.get(value) ??
      this.#bound.get(value) ??
      constantTensor(value)?.dims ??
      dimValues(this.#facts.shape(value), this.#sizes())
    );
  }

  /** The sizes of the symbols in the inputs' facts. */
  #sizes(): SymbolSizes {
    if (this.#symbols !== undefined) return this.#symbols;
    const symbols = new Map<string, number>();
    for (const [input, sizes] of this.#inputs) {
      this.#facts.shape(input)?.forEach((dim, axis) => {
        const size = sizes[axis];
        if (typeof dim !== "number" && size !== undefined) symbols.set(dimKey(dim), size);
      });
    }
    this.#symbols = symbols;
    return symbols;
  }

  /** The sizes declared for a value, or for a value behind it that a function of its elements alone gives. */
  #declared(value: Value): readonly number[] | undefined {
    let at: Value | undefined = value;
    for (let hop = 0; hop < HOPS && at !== undefined; hop++) {
      const sizes = this.#declaredSizes(at);
      if (sizes !== undefined) return sizes;
      const next: Node | undefined = at.users.find((node) => keepsShape(node) && !this.#facts.isCall(node));
      at = next?.output(0);
    }
    return undefined;
  }

  #declaredSizes({ type }: Value): readonly number[] | undefined {
    // Old converters write [] for a shape that they do not know.
    if (type?.kind !== "tensor" || type.shape === undefined || type.shape.length === 0) return undefined;
    const sizes = type.shape.map((dim) => (typeof dim === "string" ? this.#sizes().get(dim) : dim));
    const known = sizes.filter((size) => size !== undefined);
    return known.length === sizes.length ? known : undefined;
  }
}

function keepsShape(node: Node): boolean {
  return node.inputs.length === 1 && (hasTrait(node, "pointwise") || node.is("Identity"));
}
