import { createRandom, type Random } from "../../../src/base/random.js";
import { elementsOf, literal, type Values } from "../../support/text.js";

/** "N" is the batch, where it is a symbol. */
export type Dim = number | "N";

export type Kind = "float" | "int64" | "bool";

export interface Var {
  readonly name: string;
  readonly kind: Kind;
  readonly dims: readonly Dim[];
}

/** The source of a random graph; small numbers and few steps make small graphs, so that failures shrink. */
export interface Recipe {
  /** Sizes and elements. */
  readonly seed: number;
  readonly symbolic: boolean;
  readonly opset: number;
  readonly steps: readonly Step[];
}

export interface Step {
  /** Which operator, counted in the list. */
  readonly operator: number;
  /** Which value it reads, counted from the latest. */
  readonly back: number;
  /** Its attributes and sizes. */
  readonly choice: number;
}

/** Adds one node, or a few; undefined where it does not apply to the value. */
export type Apply = (draft: Draft, x: Var) => Var | readonly Var[] | undefined;

/** The text of a graph in the making. */
export class Draft {
  readonly values: Var[] = [];
  readonly opset: number;
  random: Random;
  readonly #seed: number;
  readonly #declared: string[] = [];
  readonly #lines: string[] = [];
  readonly #read = new Set<string>();
  #fresh = 0;

  constructor(recipe: Recipe) {
    this.opset = recipe.opset;
    this.#seed = recipe.seed;
    this.random = createRandom(recipe.seed);
    const batch: Dim = recipe.symbolic ? "N" : 2;
    const shapes: readonly (readonly Dim[])[] = [
      [batch, 4, 6, 6],
      [batch, 3, 8],
      [batch, 6],
      [batch, 2, 4, 3],
      [batch, 1, 5],
    ];
    this.values.push({ name: "x", kind: "float", dims: this.one(shapes) });
  }

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

  /** Another value of the same type and sizes; at times the same one. */
  beside(x: Var): Var {
    const alike = this.values.filter((y) => y.kind === x.kind && y.dims.join() === x.dims.join());
    return alike.length === 0 ? x : this.one(alike);
  }

  /** A constant of seeded elements. One in eight is a copy of another under its own name. */
  floats(dims: readonly number[], values: Values = {}): string {
    const name = `k${this.#fresh++}`;
    const seed = this.#seed + (this.chance(0.125) ? 0 : this.#fresh);
    const elements = elementsOf("k", dims, { low: -1, high: 1, ...values, seed });
    return this.declare(name, literal(name, dims, elements));
  }

  /** A constant of one element everywhere. */
  all(dims: readonly number[], element: number): string {
    return this.floats(dims, { low: element, high: element });
  }

  integers(values: readonly number[], dims: readonly number[] = [values.length]): string {
    const name = `i${this.#fresh++}`;
    return this.declare(name, literal(name, dims, values, "int64"));
  }

  booleans(dims: readonly number[]): string {
    const name = `m${this.#fresh++}`;
    const count = dims.reduce((product, dim) => product * dim, 1);
    const bits = Array.from({ length: count }, () => this.pick(2));
    return this.declare(name, literal(name, dims, bits, "bool"));
  }

  /** The initializer `name`, given its text; at times a Constant node instead. */
  declare(name: string, text: string): string {
    this.#declared.push(text);
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

  /** A node. One in ten is there twice, and both are read. */
  node(
    opType: string,
    inputs: readonly (Var | string)[],
    dims: readonly Dim[],
    attributes: readonly string[] = [],
    kind: Kind = "float",
  ): Var {
    const names = inputs.map((input) => (typeof input === "string" ? input : input.name));
    const list = attributes.length === 0 ? "" : `<${attributes.join(", ")}> `;
    const reads = inputs.flatMap((input) => (typeof input === "string" ? [] : [input]));
    const made = [this.fresh(), ...(this.chance(0.1) ? [this.fresh()] : [])].map((name): Var => {
      this.line(`${name} = ${opType} ${list}(${names.join(", ")})`, reads);
      return { name, kind, dims };
    });
    const [first, twin] = made;
    if (first === undefined) throw new Error("no node");
    if (twin !== undefined) this.values.push(twin);
    return first;
  }

  text(): string {
    const input = this.values[0];
    if (input === undefined) throw new Error("no input");
    const outputs = this.values.filter((value) => value !== input && !this.#read.has(value.name));
    const names = outputs.length > 0 ? outputs.map(({ name }) => name) : ["y"];
    const body = outputs.length > 0 ? this.#lines : [...this.#lines, `y = Relu (${input.name})`];
    return [
      `<ir_version: 8, opset_import: ["" : ${this.opset}]>`,
      `g (float[${input.dims.join(",")}] x, bool p) => (${names.join(", ")})`,
      `<${this.#declared.join(",\n ")}>`,
      `{\n  ${body.join("\n  ")}\n}`,
    ].join("\n");
  }
}

export function graphOf(recipe: Recipe, operators: readonly Apply[]): string {
  const draft = new Draft(recipe);
  for (const [at, { operator, back, choice }] of recipe.steps.entries()) {
    const operand = draft.values.at(-1 - (back % draft.values.length));
    if (operand === undefined || sizeOf(operand.dims) > 2048 || operand.dims.length > 5) continue;
    draft.random = createRandom(recipe.seed * 31 + at * 7919 + choice);
    // The next operator of the list that applies.
    for (let skip = 0; skip < operators.length; skip++) {
      const made = operators[(operator + skip) % operators.length]?.(draft, operand);
      if (made === undefined) continue;
      draft.values.push(...(Array.isArray(made) ? made : [made]));
      break;
    }
  }
  return draft.text();
}

export function sizeOf(dims: readonly Dim[]): number {
  return dims.reduce<number>((total, dim) => total * (dim === "N" ? 3 : dim), 1);
}

/** The size of an axis where it is known. */
export function at(dims: readonly Dim[], axis: number): number | undefined {
  const dim = dims.at(axis);
  return typeof dim === "number" ? dim : undefined;
}

export function replaced(dims: readonly Dim[], axis: number, ...by: readonly Dim[]): Dim[] {
  return [...dims.slice(0, axis), ...by, ...dims.slice(axis + 1)];
}

/** An axis of known size. */
export function knownAxis(d: Draft, dims: readonly Dim[]): number | undefined {
  const axes = dims.flatMap((dim, axis) => (dim === "N" ? [] : [axis]));
  return axes.length === 0 ? undefined : d.one(axes);
}
