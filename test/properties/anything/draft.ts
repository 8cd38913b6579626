import { createRandom, type Random } from "../../../src/base/random.js";
import type { DType } from "../../../src/ir/dtype.js";
import { literal } from "../../support/text.js";

/** Something that nodes read: a tensor, or a sequence or an optional of tensors that are alike. */
export interface Var {
  readonly name: string;
  readonly holder: "tensor" | "sequence" | "optional";
  readonly dtype: DType;
  readonly dims: readonly number[];
}

/** The source of a random model; fewer steps and smaller numbers make smaller models, so that failures shrink. */
export interface Recipe {
  readonly seed: number;
  readonly opset: number;
  readonly ir: number;
  /** Whether first sizes of inputs are symbols. */
  readonly symbolic: boolean;
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

/** A model to run: its text, and the sizes of its inputs. */
export interface Drafted {
  readonly text: string;
  readonly inputs: readonly Var[];
}

const INPUT_TYPES = [
  "float",
  "float",
  "float",
  "float",
  "double",
  "float16",
  "int64",
  "int32",
  "bool",
  "uint8",
  "int8",
] as const;
const INPUT_SIZES: readonly (readonly number[])[] = [
  [2, 4, 6, 6],
  [2, 3, 8],
  [2, 6],
  [3, 2],
  [1, 2, 4, 3],
  [5],
  [1],
  [],
  [0, 4],
  [2, 0, 3],
  [1, 1, 1],
  [2, 3, 1, 2, 2],
];

/** The main graph, or the body of a node in it. */
interface Scope {
  readonly values: Var[];
  readonly lines: string[];
  readonly declared: string[];
}

/** The text of a model in the making. */
export class Draft {
  readonly opset: number;
  readonly ir: number;
  random: Random;
  readonly inputs: Var[] = [];
  /** Whether first sizes of inputs are symbols. */
  readonly symbolic: boolean;
  readonly #scopes: Scope[] = [scope()];
  readonly #functions = new Map<string, string>();
  /** Constants that are inputs of the graph too: all of them in IR version 3, some later. */
  readonly #overridable: string[] = [];
  readonly #read = new Set<string>();
  #fresh = 0;

  constructor(recipe: Recipe) {
    this.opset = recipe.opset;
    this.ir = recipe.ir;
    this.random = createRandom(recipe.seed);
    this.symbolic = recipe.symbolic;
    this.input(this.one(INPUT_TYPES), this.one(INPUT_SIZES));
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

  fresh(): string {
    return `v${this.#fresh++}`;
  }

  get depth(): number {
    return this.#scopes.length - 1;
  }

  /** The values that a node may read here, those of outer graphs first. */
  get values(): readonly Var[] {
    return this.#scopes.flatMap(({ values }) => values);
  }

  /** A value of the innermost graph. */
  add(value: Var): Var {
    this.#here.values.push(value);
    return value;
  }

  /** Another input of the model. */
  input(dtype: DType, dims: readonly number[]): Var {
    const value = tensor(`x${this.inputs.length}`, dtype, dims);
    this.inputs.push(value);
    this.#scopes[0]?.values.push(value);
    return value;
  }

  /** Another value of the same type and sizes; at times the same one. */
  beside(x: Var): Var {
    const alike = this.values.filter(
      (y) => y.holder === x.holder && y.dtype === x.dtype && y.dims.join() === x.dims.join(),
    );
    return this.one([x, ...alike]);
  }

  /** A constant: an initializer or a Constant node. Its elements are small, of both signs where the type has them. */
  constant(dtype: DType, dims: readonly number[], elements?: readonly number[]): Var {
    const size = dims.reduce((product, dim) => product * dim, 1);
    return this.#constant(dtype, dims, elements ?? Array.from({ length: size }, () => this.#element(dtype)));
  }

  integers(...values: readonly number[]): Var {
    return this.#constant("int64", [values.length], values);
  }

  scalar(dtype: DType, value: number): Var {
    return this.#constant(dtype, [], [value]);
  }

  /** A node, by its first output; its other outputs are `more`. */
  node(
    opType: string,
    inputs: readonly (Var | undefined)[],
    output: Omit<Var, "name">,
    attributes: Readonly<Record<string, string | number | readonly number[] | undefined>> = {},
    more: readonly string[] = [],
  ): Var {
    const made = { ...output, name: this.fresh() };
    this.line([made.name, ...more].join(", "), opType, inputs, attributes);
    return made;
  }

  line(
    outputs: string,
    opType: string,
    inputs: readonly (Var | undefined)[],
    attributes: Readonly<Record<string, string | number | readonly number[] | undefined>> = {},
  ): void {
    for (const input of inputs) if (input !== undefined) this.#read.add(input.name);
    const list = Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [attributeText(name, value)],
    );
    const names = inputs.map((input) => input?.name ?? '""');
    const text = `${outputs} = ${opType} ${list.length === 0 ? "" : `<${list.join(", ")}> `}(${names.join(", ")})`;
    this.#here.lines.push(text);
  }

  /** The text of a body, and the values that it gives; what it reads of outer graphs it captures. */
  body(inputs: readonly Var[], fill: () => readonly Var[]): string {
    const inner = scope();
    inner.values.push(...inputs);
    this.#scopes.push(inner);
    const outputs = fill();
    // Each output of a body is a value of its own.
    const given = outputs.map((value) => this.node("Identity", [value], value));
    this.#scopes.pop();
    const declared = inner.declared.length === 0 ? "" : ` <${inner.declared.join(", ")}>`;
    const heads = [inputs, given].map((values) => values.map((value) => this.#typed(value)).join(", "));
    return `${this.fresh()} (${heads[0]}) => (${heads[1]})${declared} { ${inner.lines.join(" ")} }`;
  }

  /** Declares a function of the model, once. */
  define(name: string, text: string): void {
    this.#functions.set(name, text);
  }

  drafted(): Drafted {
    const [main] = this.#scopes;
    if (main === undefined) throw new Error("no graph");
    const open = main.values.filter(
      ({ name, holder }) => holder === "tensor" && !this.#read.has(name) && !name.startsWith("x"),
    );
    if (open.length === 0) {
      const [x] = this.inputs;
      if (x === undefined) throw new Error("no input");
      open.push(this.add(this.node("Identity", [x], x)));
    }
    const inputs = this.inputs.map((value) => this.#inputText(value));
    const constants = main.declared.filter((text) => !this.#overridable.includes(text));
    const domains = [`"" : ${this.opset}`, ...(this.#functions.size > 0 ? [`"local" : 1`] : [])];
    const text = [
      `<ir_version: ${this.ir}, opset_import: [${domains.join(", ")}]>`,
      `g (${[...inputs, ...this.#overridable].join(", ")}) => (${open.map((value) => this.#typed(value)).join(", ")})`,
      `<${constants.join(",\n ")}>`,
      `{\n  ${main.lines.join("\n  ")}\n}`,
      ...this.#functions.values(),
    ].join("\n");
    return { text, inputs: this.inputs };
  }

  get #here(): Scope {
    const here = this.#scopes.at(-1);
    if (here === undefined) throw new Error("no graph");
    return here;
  }

  #element(dtype: DType): number {
    if (dtype === "bool") return this.pick(2);
    if (dtype === "uint8") return 1 + this.pick(3);
    if (dtype.includes("float") || dtype === "double")
      return this.one([-2, -1, -0.5, 0.25, 0.5, 1, 1.5, 2, 3]);
    return this.one([-3, -2, -1, 1, 2, 3]);
  }

  #constant(dtype: DType, dims: readonly number[], elements: readonly number[]): Var {
    const value = tensor(`k${this.#fresh++}`, dtype, dims);
    const text = literal(value.name, dims, elements, dtype);
    const list = text.slice(text.indexOf("{"));
    // The bodies of IR version 3 have no initializers, because these would have to be inputs.
    if (this.chance(0.3) || (this.ir < 4 && this.depth > 0)) {
      const type = `${dtype}${dims.length === 0 ? "" : `[${dims.join(",")}]`}`;
      this.#here.lines.push(`${value.name} = Constant <value = ${type} ${list}> ()`);
      return value;
    }
    this.#here.declared.push(text);
    if (this.depth === 0 && (this.ir < 4 || this.chance(0.05))) this.#overridable.push(text);
    return value;
  }

  #inputText(value: Var): string {
    const [first, ...rest] = value.dims;
    // Beside a size that is zero onnxruntime takes constants of any size, and gives what is in memory.
    if (!this.symbolic || first === undefined || first === 0) return typed(value);
    return `${value.dtype}[${[`N${first}`, ...rest].join(",")}] ${value.name}`;
  }

  /** A declaration in the graph or in a body. Sizes that rest on those of inputs are not declared where these are symbols. */
  #typed(value: Var): string {
    return this.symbolic ? `${holding(value, `${value.dtype}[]`)} ${value.name}` : typed(value);
  }
}

export function tensor(name: string, dtype: DType, dims: readonly number[]): Var {
  return { name, holder: "tensor", dtype, dims };
}

/** The same type with other sizes. */
export function sized(x: Var, dims: readonly number[]): Omit<Var, "name"> {
  return { ...x, dims };
}

export function of(dtype: DType, dims: readonly number[]): Omit<Var, "name"> {
  return { holder: "tensor", dtype, dims };
}

export function replaced(dims: readonly number[], axis: number, ...by: readonly number[]): number[] {
  return [...dims.slice(0, axis), ...by, ...dims.slice(axis + 1)];
}

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

export function isReal({ dtype }: Var): boolean {
  return dtype === "float" || dtype === "double" || dtype === "float16";
}

/** Any model, from its recipe. */
export function modelOf(recipe: Recipe, operators: readonly Apply[]): Drafted {
  const draft = new Draft(recipe);
  for (const [at, { operator, back, choice }] of recipe.steps.entries()) {
    draft.random = createRandom(recipe.seed * 31 + at * 7919 + choice);
    step(draft, operators, operator, back);
  }
  return draft.drafted();
}

/** No list has a multiple of so many operators. */
const STRIDE = 31;

/** Adds an operator that applies to a value: the one of that number, else one far from it in the list, and so on. */
export function step(draft: Draft, operators: readonly Apply[], operator: number, back: number): void {
  const { values } = draft;
  const operand = values.at(-1 - (back % values.length));
  if (operand === undefined || sizeOf(operand.dims) > 1500 || operand.dims.length > 6) return;
  for (let skip = 0; skip < operators.length; skip++) {
    const made = operators[(operator + skip * STRIDE) % operators.length]?.(draft, operand);
    if (made === undefined) continue;
    for (const value of [made].flat()) draft.add(value);
    return;
  }
}

function scope(): Scope {
  return { values: [], lines: [], declared: [] };
}

function typed(value: Var): string {
  const { name, dtype, dims } = value;
  return `${holding(value, `${dtype}${dims.length === 0 ? "" : `[${dims.join(",")}]`}`)} ${name}`;
}

function holding({ holder }: Var, inner: string): string {
  if (holder === "tensor") return inner;
  return `${holder === "sequence" ? "seq" : "optional"}(${inner})`;
}

function attributeText(name: string, value: string | number | readonly number[]): string {
  if (typeof value === "string") return `${name} = ${value}`;
  if (typeof value === "number") return `${name} = ${value}`;
  return value.length === 0 ? `${name}: ints = []` : `${name} = [${value.join(", ")}]`;
}
