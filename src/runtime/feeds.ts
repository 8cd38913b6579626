import { present } from "../base/assert.js";
import { NormfoldError } from "../base/errors.js";
import { createRandom, type Random } from "../base/random.js";
import { type DType, INTEGER_RANGES, isFloat } from "../ir/dtype.js";
import { encodeNumbers } from "../ir/tensor.js";
import type { Demand } from "../rules/operands/rule.js";
import { carrierOf } from "./carriers.js";
import { hasNonFinite } from "./compare.js";
import { endedTheRuntime, errors } from "./errors.js";
import type { InputSpec } from "./inputs.js";
import type { Objection } from "./prediction.js";
import { type RuntimeTensor, type Session, type TensorMap, tensorSize } from "./runtime.js";

/** Data for every input of a model, and, where they are known, the outputs it should give. */
export interface FeedSet {
  /** Names the set in reports. */
  readonly name: string;
  /** A tensor for each input, by name. */
  readonly feeds: TensorMap;
  /** The outputs that came with the data, by name. */
  readonly expected: TensorMap | undefined;
}

export interface FeedOptions {
  readonly seed: number;
  /** Sizes of inputs by name; all of an input's axes. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Try an empty batch too (mayRunEmpty). */
  readonly emptyBatch?: boolean;
  /** Why a run on inputs of some sizes is not tried. Default: every run is. */
  readonly objection?: Objection;
  readonly signal?: AbortSignal;
}

/** No generated input is larger: it would not fit into memory several times over. */
const MAX_INPUT = 2 ** 28;

/** A feed set that the model was seen to run on, and its outputs. */
export interface Probe {
  readonly set: FeedSet;
  readonly outputs: Map<string, RuntimeTensor>;
}

/** Sizes by symbol. An axis without a name is a symbol of its own. */
type Sizes = ReadonlyMap<string, number>;

interface Style {
  readonly seed: number;
  /** Factor on normal deviates. */
  readonly magnitude: number;
  /** Share of elements that are exactly zero. */
  readonly zeros: number;
  /** The source of integers: what readers demand with or without the hints of declared sizes, or one number for all. */
  readonly integers: "hinted" | "demanded" | "ones" | "zeros";
}

interface SizeSymbol {
  readonly key: string;
  /** The sizes to try for it, likeliest first. */
  readonly candidates: readonly number[];
}

const BATCH = [1, 2];
const IMAGE = [32, 64, 224, 96, 128, 320, 256, 48, 28, 16, 512, 640, 8];
const VOLUME = [8, 16, 32, 4, 64];
const SEQUENCE = [8, 16, 5, 3, 2, 1, 32, 64, 128, 256, 512, 10, 640, 224];
const CHANNELS = [3, 1, 2, 4, 8, 16, 32, 64];

/** Attempts at guessing sizes before a model counts as unable to run. */
const MAX_ATTEMPTS = 120;
/** The elements fed in all attempts together, at most. */
const MAX_ELEMENTS = 1 << 23;

/**
 * Finds inputs that a model runs on and that expose differences: two sets, the first standard normal, the second ten
 * times as large with exact zeros among them and other sizes for every symbolic dimension (batch 3, not square) as far
 * as the model runs on them. Sizes are found by trying; the same symbol always gets the same size. The outputs come
 * with them, since the model was run anyway. Throws the runtime's reason when nothing that was tried runs.
 */
export async function probeFeeds(
  session: Session,
  specs: readonly InputSpec[],
  options: FeedOptions,
): Promise<Probe[]> {
  const inputs = specs.map((spec) => withShape(spec, options.shapes?.[spec.name]));
  rejectStrangers(specs, options.shapes);
  const budget = new Budget(session, inputs, options);
  const base = await firstThatRuns(budget, inputs, options.seed);
  const large: Style = { ...base.style, seed: options.seed + 1, magnitude: 10, zeros: 0.1 };
  let second = await varied(budget, inputs, base.sizes, large);
  if (second !== undefined && overflows(second.outputs) && !overflows(base.probe.outputs)) {
    // A half-precision model overflows at ten times its usual input, and infinities would hide every difference.
    second = await varied(budget, inputs, base.sizes, { ...large, magnitude: 1 });
  }
  const empty = options.emptyBatch ? await emptyBatch(budget, inputs, base) : undefined;
  return [base.probe, second, empty].filter((probe) => probe !== undefined);
}

/** A set without samples, where the model has a batch of its own size and runs on an empty one. */
async function emptyBatch(
  budget: Budget,
  inputs: readonly InputSpec[],
  { sizes, style }: Base,
): Promise<Probe | undefined> {
  const batches = inputs.flatMap((spec) =>
    typeof spec.shape?.[0] === "number" || !spec.shape?.length ? [] : [symbolKey(spec, 0)],
  );
  if (batches.length === 0) return undefined;
  const none = new Map([...sizes, ...batches.map((key) => [key, 0] as const)]);
  return await budget.attempt("empty batch", none, style);
}

function overflows(outputs: TensorMap): boolean {
  for (const tensor of outputs.values()) if (hasNonFinite(tensor)) return true;
  return false;
}

function withShape(spec: InputSpec, shape: readonly number[] | undefined): InputSpec {
  if (shape === undefined) return spec;
  if (spec.shape !== undefined && spec.shape.length !== shape.length && spec.shape.length > 0) {
    throw errors.shapeHasAnotherRank(spec.name, spec.shape.length, shape.length);
  }
  return { ...spec, shape };
}

function rejectStrangers(specs: readonly InputSpec[], shapes: FeedOptions["shapes"] = {}): void {
  for (const name of Object.keys(shapes)) {
    if (specs.some((spec) => spec.name === name)) continue;
    throw errors.shapeIsForNoInput(
      name,
      specs.map((spec) => spec.name),
    );
  }
}

/** Runs the model on generated data up to MAX_ATTEMPTS and MAX_ELEMENTS, and remembers why the first run failed. */
class Budget {
  readonly #session: Session;
  readonly #inputs: readonly InputSpec[];
  readonly #signal: AbortSignal | undefined;
  readonly #objection: Objection | undefined;
  #attempts = 0;
  #elements = 0;
  #hasRun = false;
  #isSpent = false;
  firstError: unknown;
  /** Why the first sizes that were not tried were not. */
  objection: NormfoldError | undefined;

  constructor(session: Session, inputs: readonly InputSpec[], { signal, objection }: FeedOptions) {
    this.#session = session;
    this.#inputs = inputs;
    this.#signal = signal;
    this.#objection = objection;
  }

  get spent(): boolean {
    return this.#attempts >= MAX_ATTEMPTS || this.#elements >= MAX_ELEMENTS;
  }

  /** undefined when the model does not run on these sizes, or when they are too large to try. */
  async attempt(name: string, sizes: Sizes, style: Style): Promise<Probe | undefined> {
    this.#signal?.throwIfAborted();
    if (this.#isSpent) return undefined;
    const elements = this.#inputs.reduce((sum, spec) => sum + tensorSize(dimsOf(spec, sizes)), 0);
    this.#attempts++;
    if (elements > MAX_INPUT) throw errors.inputsAreTooLarge(elements);
    if (this.#attempts > 1 && elements > MAX_ELEMENTS) return undefined;
    const objection = this.#objection?.(
      new Map(this.#inputs.map((spec) => [spec.name, dimsOf(spec, sizes)] as const)),
    );
    if (objection !== undefined) {
      this.objection ??= objection;
      return undefined;
    }
    this.#elements += elements;
    const feeds = makeFeeds(this.#inputs, sizes, style);
    try {
      const outputs = await this.#session.run(feeds);
      this.#hasRun = true;
      return { set: { name, feeds, expected: undefined }, outputs };
    } catch (error) {
      // Such a run may have taken a minute: there is no second one.
      this.#isSpent = endedTheRuntime(error);
      if (this.#isSpent && !this.#hasRun) throw error;
      this.firstError ??= error;
      return undefined;
    }
  }
}

interface Base {
  readonly probe: Probe;
  readonly sizes: Sizes;
  readonly style: Style;
}

async function firstThatRuns(budget: Budget, inputs: readonly InputSpec[], seed: number): Promise<Base> {
  for (const { sizes, integers } of guesses(inputs, seed)) {
    const style: Style = { seed, magnitude: 1, zeros: 0, integers };
    const probe = await budget.attempt("normal", sizes, style);
    if (probe !== undefined) return { probe, sizes, style };
    if (budget.spent) break;
  }
  const { firstError = budget.objection } = budget;
  // An objection, an error of our own, or one that no other input would mend, stays as it is.
  if (
    firstError === budget.objection ||
    !(firstError instanceof NormfoldError) ||
    inputs.length === 0 ||
    firstError.code === "internal"
  )
    throw firstError;
  throw errors.generatedInputsDoNotSuit(firstError.message).because(firstError);
}

interface Guess {
  readonly sizes: Sizes;
  readonly integers: Style["integers"];
}

/**
 * The attempts, in order: all symbols at their n-th candidates; the same with integer data that is valid as any index or
 * length; one symbol at 1 and the others at their candidates; seeded mixtures.
 */
function* guesses(inputs: readonly InputSpec[], seed: number): Generator<Guess, void, undefined> {
  const symbols = symbolsOf(inputs);
  const pick = (choose: (symbol: SizeSymbol, at: number) => number): Sizes =>
    new Map(symbols.map((symbol, at) => [symbol.key, choose(symbol, at)]));
  const candidate = (symbol: SizeSymbol, index: number): number =>
    present(symbol.candidates[index % symbol.candidates.length], "a symbol has no candidates");
  const levels = Math.max(1, ...symbols.map((symbol) => symbol.candidates.length));
  const unsure = inputs.some(({ dtype }) => dtype.includes("int"));
  const sources = unsure ? (["hinted", "demanded", "ones", "zeros"] as const) : (["hinted"] as const);
  for (const integers of sources) {
    for (let index = 0; index < levels; index++) {
      yield { sizes: pick((symbol) => candidate(symbol, index)), integers };
    }
  }
  if (symbols.length < 2) return;
  for (let one = 0; one < symbols.length; one++) {
    for (let index = 0; index < levels; index++) {
      const sizes = pick((symbol, at) => (at === one ? 1 : candidate(symbol, index)));
      yield { sizes, integers: "demanded" };
    }
  }
  const random = createRandom(seed);
  for (;;) {
    const sizes = pick((symbol) => candidate(symbol, random.integer(0, symbol.candidates.length)));
    yield { sizes, integers: unsure ? "zeros" : "demanded" };
  }
}

/** The second set: every symbol at another size if that runs, else those symbols one by one that can be. */
async function varied(
  budget: Budget,
  inputs: readonly InputSpec[],
  base: Sizes,
  style: Style,
): Promise<Probe | undefined> {
  const other = otherSizes(inputs, base);
  const name = style.magnitude > 1 ? "large with zeros" : "normal with zeros";
  const all = other.size === 0 ? undefined : await budget.attempt(name, other, style);
  if (all !== undefined) return all;
  let sizes: Sizes = base;
  let best: Probe | undefined;
  for (const [key, size] of other) {
    const next = new Map([...sizes, [key, size] as const]);
    const probe = await budget.attempt(name, next, style);
    if (probe !== undefined) [sizes, best] = [next, probe];
  }
  return best ?? (inputs.length > 0 ? await budget.attempt(name, base, style) : undefined);
}

/** Another size for each symbol: a larger batch, and no two symbols alike, so that swapped axes show. */
function otherSizes(inputs: readonly InputSpec[], base: Sizes): Sizes {
  const other = new Map<string, number>();
  for (const symbol of symbolsOf(inputs)) {
    const size = base.get(symbol.key) ?? 1;
    const rank = other.size;
    if (size < 4) other.set(symbol.key, size + 2);
    // Networks that halve their input n times want multiples of 2^n; 32 serves nearly all.
    else other.set(symbol.key, size % 32 === 0 ? size + 32 * rank : size + 1 + rank);
  }
  return other;
}

function symbolsOf(inputs: readonly InputSpec[]): SizeSymbol[] {
  const found = new Map<string, SizeSymbol>();
  for (const spec of inputs) {
    (spec.shape ?? []).forEach((dim, axis) => {
      if (typeof dim === "number") return;
      const key = symbolKey(spec, axis);
      if (!found.has(key)) found.set(key, { key, candidates: candidatesFor(spec, axis) });
    });
  }
  return [...found.values()];
}

function symbolKey(spec: InputSpec, axis: number): string {
  const dim = spec.shape?.[axis];
  return typeof dim === "string" ? dim : `${spec.name}[${axis}]`;
}

function candidatesFor(spec: InputSpec, axis: number): readonly number[] {
  const shape = spec.shape ?? [];
  if (axis === 0) return BATCH;
  if (shape.length < 4) return SEQUENCE;
  const last = shape.at(-1);
  const channelsLast = typeof last === "number" && last <= 4;
  if (axis === 1 && !channelsLast) return CHANNELS;
  return shape.length === 4 ? IMAGE : VOLUME;
}

function dimsOf(spec: InputSpec, sizes: Sizes): number[] {
  return (spec.shape ?? []).map((dim, axis) =>
    typeof dim === "number" ? dim : (sizes.get(symbolKey(spec, axis)) ?? 1),
  );
}

/** Data for the inputs. Each input has its own stream of numbers, so that one more input changes no other. */
function makeFeeds(inputs: readonly InputSpec[], sizes: Sizes, style: Style): TensorMap {
  const dims = new Map(inputs.map((spec) => [spec.name, dimsOf(spec, sizes)]));
  return new Map(
    inputs.map((spec, index) => {
      const own = dims.get(spec.name) ?? [];
      const random = createRandom(style.seed * 7919 + index);
      const demand = spec.demand(dims, style.integers === "hinted");
      return [
        spec.name,
        {
          dtype: carrierOf(spec.dtype),
          dims: own,
          data: elements(spec.dtype, tensorSize(own), demand, style, random),
        },
      ];
    }),
  );
}

const WORDS = ["", "a", "monday", "Tuesday", "wéd", "0", "-1.5"];

function elements(
  dtype: DType,
  count: number,
  demand: Demand | undefined,
  style: Style,
  random: Random,
): Uint8Array | string[] {
  if (dtype === "string") {
    return Array.from({ length: count }, () => WORDS[random.integer(0, WORDS.length)] ?? "");
  }
  const exact = demand?.kind === "elements" && demand.elements.length === count ? demand.elements : [];
  // Around elements that are demanded, a number that nearly every reader takes.
  const range = demand?.kind === "elements" ? AROUND : demand;
  const draw = isFloat(dtype) ? floatDraw(range, style, random) : integerDraw(dtype, range, style, random);
  const fixed = isFloat(dtype) || style.integers === "hinted" || style.integers === "demanded";
  if (fixed && exact.length > 0) {
    const values = Float64Array.from({ length: count }, (_, i) => exact[i] ?? draw());
    return encodeNumbers(carrierOf(dtype), values);
  }
  const values = new Float64Array(Math.min(count, DRAWN));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return repeated(encodeNumbers(carrierOf(dtype), values), count / Math.max(1, values.length));
}

/**
 * More numbers than this are the same again: to draw them would take longer than to run a model on them. It is a prime number, so
 * that no axis and no block of one has this length or divides it.
 */
const DRAWN = 1_048_573;

/** The bytes again and again. */
function repeated(bytes: Uint8Array, times: number): Uint8Array {
  if (times <= 1) return bytes;
  const result = new Uint8Array(Math.round(bytes.length * times));
  for (let at = 0; at < result.length; at += bytes.length)
    result.set(bytes.subarray(0, result.length - at), at);
  return result;
}

const AROUND: Range = { low: 1, high: 2, whole: true };

type Range = Pick<Extract<Demand, { kind: "range" }>, "low" | "high" | "whole">;

function floatDraw(range: Range | undefined, style: Style, random: Random): () => number {
  if (range !== undefined) {
    const { low, high, whole } = range;
    return whole ? () => random.integer(low, high) : () => low + random.uniform() * (high - low);
  }
  return () => (random.uniform() < style.zeros ? 0 : random.normal() * style.magnitude);
}

const NARROW: Partial<Readonly<Record<DType, readonly [low: number, high: number]>>> = {
  bool: [0, 2],
  uint8: [0, 256],
  int8: [-128, 128],
  uint16: [0, 256],
  uint32: [0, 16],
  uint64: [0, 16],
  uint4: [0, 16],
  int4: [-8, 8],
};

function integerDraw(dtype: DType, range: Range | undefined, style: Style, random: Random): () => number {
  if (style.integers === "ones") return () => 1;
  if (style.integers === "zeros") return () => 0;
  const [low, high] = range === undefined ? (NARROW[dtype] ?? [-8, 9]) : [range.low, range.high];
  const least = Math.max(Math.ceil(low), INTEGER_RANGES[dtype]?.[0] ?? (dtype === "uint64" ? 0 : -Infinity));
  return () => random.integer(least, Math.max(least + 1, Math.ceil(high)));
}
