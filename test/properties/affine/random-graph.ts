import { createRandom, type Random } from "../../../src/base/random.js";
import { constant, type Values } from "../../support/text.js";
import { OPERATORS } from "./random-operators.js";

/** "N" is the batch, where it is a symbol. */
export type Dim = number | "N";

export interface Var {
  readonly name: string;
  readonly dims: readonly Dim[];
}

/** The source of a random graph; small numbers and few steps make small graphs, so that failures shrink. */
export interface Recipe {
  /** Sizes and elements. */
  readonly seed: number;
  /** All sizes equal, where axes are the easiest to mistake. */
  readonly equal: boolean;
  readonly symbolic: boolean;
  readonly opset: number;
  readonly steps: readonly Step[];
}

export interface Step {
  /** Which operator, counted in OPERATORS. */
  readonly operator: number;
  /** Which value it reads, counted from the latest. */
  readonly back: number;
  /** Its attributes and sizes. */
  readonly choice: number;
}

/** The text of a graph in the making. */
export class Draft {
  readonly values: Var[] = [];
  readonly opset: number;
  random: Random;
  readonly #recipe: Recipe;
  readonly #constants: { readonly name: string; readonly dims: readonly number[] }[] = [];
  readonly #declared: string[] = [];
  readonly #lines: string[] = [];
  readonly #read = new Set<string>();
  #fresh = 0;

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
    this.opset = recipe.opset;
    this.random = createRandom(recipe.seed);
    const sizes = recipe.equal ? [4, 4, 4, 4] : [2, this.chance(0.1) ? 1 : 4, 6, 8];
    const batch: Dim = recipe.symbolic ? "N" : (sizes[0] ?? 1);
    const flat = this.random.uniform() < 0.35;
    this.values.push({ name: "x", dims: flat ? [batch, ...sizes.slice(1, 3)] : [batch, ...sizes.slice(1)] });
  }

  /** One in `count`. */
  pick(count: number): number {
    return this.random.integer(0, count);
  }

  chance(share: number): boolean {
    return this.random.uniform() < share;
  }

  one<T>(items: readonly T[]): T {
    const item = items[this.pick(items.length)];
    if (item === undefined) throw new Error("nothing to choose from");
    return item;
  }

  /** A new constant, or now and then one of the same shape that is there already. */
  constant(dims: readonly number[], values: Values = {}): string {
    const like = this.#constants.find((each) => each.dims.join() === dims.join());
    if (like !== undefined && values.low === undefined && this.chance(0.15)) return like.name;
    const name = `k${this.#fresh++}`;
    const seed = this.#recipe.seed + this.#fresh;
    this.#declared.push(constant(name, dims, { low: -1, high: 1, ...values, seed }));
    if (values.low === undefined) this.#constants.push({ name, dims });
    return name;
  }

  integers(values: readonly number[]): string {
    const name = `i${this.#fresh++}`;
    this.#declared.push(`int64[${values.length}] ${name} = {${values.join(", ")}}`);
    return name;
  }

  raw(declaration: (name: string) => string): string {
    const name = `r${this.#fresh++}`;
    this.#declared.push(declaration(name));
    return name;
  }

  fresh(): string {
    return `v${this.#fresh++}`;
  }

  /** The line of a node that gives values of its own. */
  line(text: string, reads: readonly Var[]): void {
    this.#lines.push(text);
    for (const value of reads) this.#read.add(value.name);
  }

  node(
    opType: string,
    inputs: readonly (Var | string)[],
    dims: readonly Dim[],
    attributes: readonly string[] = [],
  ): Var {
    const name = this.fresh();
    const names = inputs.map((input) => (typeof input === "string" ? input : input.name));
    const list = attributes.length === 0 ? "" : `<${attributes.join(", ")}> `;
    const reads = inputs.flatMap((input) => (typeof input === "string" ? [] : [input]));
    this.line(`${name} = ${opType} ${list}(${names.join(", ")})`, reads);
    return { name, dims };
  }

  text(): string {
    const input = this.values[0];
    if (input === undefined) throw new Error("no input");
    const leaves = this.values.filter((value) => !this.#read.has(value.name));
    const outputs = leaves.filter((value) => value !== input).map((value) => value.name);
    const body = outputs.length > 0 ? this.#lines : [`y = Relu (${input.name})`];
    return [
      `<ir_version: 8, opset_import: ["" : ${this.opset}]>`,
      `g (float[${input.dims.join(",")}] x) => (${outputs.length > 0 ? outputs.join(", ") : "y"})`,
      `<${this.#declared.join(",\n ")}>`,
      `{\n  ${body.join("\n  ")}\n}`,
    ].join("\n");
  }
}

export function graphOf(recipe: Recipe): string {
  const draft = new Draft(recipe);
  for (const [at, { operator, back, choice }] of recipe.steps.entries()) {
    const operand = draft.values.at(-1 - (back % draft.values.length));
    draft.random = createRandom(recipe.seed * 31 + at * 7919 + choice);
    const apply = OPERATORS[operator % OPERATORS.length];
    if (operand === undefined || apply === undefined) continue;
    if (size(operand.dims) > 4096) continue;
    const made = apply(draft, operand);
    draft.values.push(...(made === undefined ? [] : Array.isArray(made) ? made : [made]));
  }
  return draft.text();
}

export function size(dims: readonly Dim[]): number {
  return dims.reduce<number>((total, dim) => total * (dim === "N" ? 3 : dim), 1);
}
