import { NormfoldError } from "../base/errors.js";
import { hasNonFinite } from "./compare.js";
import { endedTheRuntime, errors } from "./errors.js";
import { makeFeeds, type Style } from "./generated-data.js";
import { dimsOf, guesses, otherSizes, type Sizes, symbolKey } from "./input-sizes.js";
import type { InputSpec } from "./inputs.js";
import { HEAVY_RUN, type Objection, type Prediction } from "./prediction.js";
import { type RuntimeTensor, type Session, type TensorMap, tensorSize } from "./runtime.js";

/** Data for every input of a model, and, where they are known, the outputs it should give. */
export interface FeedSet {
  /** Names the set in reports. */
  readonly name: string;
  /** A tensor for each input, by name. */
  readonly feeds: TensorMap;
  /** The outputs that came with the data, by name. */
  readonly expected: TensorMap | undefined;
  /** The class of each sample as a whole number, where the data has labels. */
  readonly labels?: RuntimeTensor;
}

export interface FeedOptions {
  readonly seed: number;
  /** Sizes of inputs by name; all of an input's axes. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Try an empty batch too (mayRunEmpty). */
  readonly emptyBatch?: boolean;
  /** Why a run on inputs of some sizes is not tried. Default: every run is. */
  readonly objection?: Objection;
  /** The operations of a run; where they are many there is one set of inputs. Default: no run counts as long. */
  readonly operations?: Prediction["operations"];
  readonly signal?: AbortSignal;
}

/** No generated input is larger: it would not fit into memory several times over. */
const MAX_INPUT = 2 ** 28;

/** A feed set that the model was seen to run on, and its outputs. */
export interface Probe {
  readonly set: FeedSet;
  readonly outputs: Map<string, RuntimeTensor>;
  /** The set with floats that are smaller by this factor, run; undefined where the inputs were given. */
  readonly shrunk?: (factor: number) => Promise<Probe | undefined>;
}

/** Attempts at guessing sizes before a model counts as unable to run. */
const MAX_ATTEMPTS = 120;
/** The elements fed in all attempts together, at most. */
const MAX_ELEMENTS = 1 << 23;

/**
 * Finds inputs that a model runs on and that expose differences: two sets, the first standard normal, the second ten
 * times as large with exact zeros among them and other sizes for every symbolic dimension (batch 3, not square) as far
 * as the model runs on them; the first alone where a run takes long. Sizes are found by trying; the same symbol always gets the same size. The outputs come
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
  if (budget.isHeavy(base.sizes)) return [base.probe];
  const large: Style = { ...base.style, seed: options.seed + 1, magnitude: 10, zeros: 0.1 };
  let second = await varied(budget, inputs, base.sizes, large);
  if (second !== undefined && overflows(second.outputs) && !overflows(base.probe.outputs)) {
    // A half-precision model overflows at ten times its usual input, and infinities would hide every difference.
    second = await varied(budget, inputs, base.sizes, { ...large, magnitude: 1 });
  }
  const empty = options.emptyBatch ? await emptyBatch(budget, inputs, base) : undefined;
  return [base.probe, second, empty].filter((probe) => probe !== undefined);
}

/** The first of these sets alone. */
export async function runnableFeeds(
  session: Session,
  specs: readonly InputSpec[],
  options: FeedOptions,
): Promise<FeedSet> {
  const inputs = specs.map((spec) => withShape(spec, options.shapes?.[spec.name]));
  rejectStrangers(specs, options.shapes);
  return (await firstThatRuns(new Budget(session, inputs, options), inputs, options.seed)).probe.set;
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

  readonly #operations: Prediction["operations"] | undefined;

  constructor(
    session: Session,
    inputs: readonly InputSpec[],
    { signal, objection, operations }: FeedOptions,
  ) {
    this.#operations = operations;
    this.#session = session;
    this.#inputs = inputs;
    this.#signal = signal;
    this.#objection = objection;
  }

  get spent(): boolean {
    return this.#attempts >= MAX_ATTEMPTS || this.#elements >= MAX_ELEMENTS;
  }

  /** Whether a run on these sizes takes long. */
  isHeavy(sizes: Sizes): boolean {
    return (this.#operations?.(this.#dims(sizes)) ?? 0) > HEAVY_RUN;
  }

  #dims(sizes: Sizes): ReadonlyMap<string, readonly number[]> {
    return new Map(this.#inputs.map((spec) => [spec.name, dimsOf(spec, sizes)] as const));
  }

  /** undefined when the model does not run on these sizes, or when they are too large to try. */
  async attempt(name: string, sizes: Sizes, style: Style): Promise<Probe | undefined> {
    this.#signal?.throwIfAborted();
    if (this.#isSpent) return undefined;
    const elements = this.#inputs.reduce((sum, spec) => sum + tensorSize(dimsOf(spec, sizes)), 0);
    this.#attempts++;
    if (elements > MAX_INPUT) throw errors.inputsAreTooLarge(elements);
    if (this.#attempts > 1 && elements > MAX_ELEMENTS) return undefined;
    const objection = this.#objection?.(this.#dims(sizes));
    if (objection !== undefined) {
      this.objection ??= objection;
      return undefined;
    }
    this.#elements += elements;
    const feeds = makeFeeds(this.#inputs, sizes, style);
    try {
      const outputs = await this.#session.run(feeds);
      this.#hasRun = true;
      const shrunk = (factor: number): Promise<Probe | undefined> => {
        const magnitude = style.magnitude * factor;
        return this.attempt(`${name}, times ${factor}`, sizes, { ...style, magnitude });
      };
      return { set: { name, feeds, expected: undefined }, outputs, shrunk };
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

/** The second set: every symbol at another size if that runs, else those symbols one by one that can be. */
async function varied(
  budget: Budget,
  inputs: readonly InputSpec[],
  base: Sizes,
  style: Style,
): Promise<Probe | undefined> {
  const other = otherSizes(inputs, base);
  const name = style.magnitude > 1 ? "large with zeros" : "normal with zeros";
  const tried = (sizes: Sizes): Promise<Probe | undefined> =>
    budget.isHeavy(sizes) ? Promise.resolve(undefined) : budget.attempt(name, sizes, style);
  const all = other.size === 0 ? undefined : await tried(other);
  if (all !== undefined) return all;
  let sizes: Sizes = base;
  let best: Probe | undefined;
  for (const [key, size] of other) {
    const next = new Map([...sizes, [key, size] as const]);
    const probe = await tried(next);
    if (probe !== undefined) [sizes, best] = [next, probe];
  }
  return best ?? (inputs.length > 0 ? await budget.attempt(name, base, style) : undefined);
}
