import { Estimator, sizesOfRun } from "../analysis/estimate.js";
import { createFacts } from "../analysis/fact-table.js";
import type { Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { Facts } from "../rules/facts.js";
import { type Bounds, judgeWithin } from "./bounds.js";
import type { OutputReport } from "./check-report.js";
import type { StagedModel } from "./checker-options.js";
import { compareTensors } from "./compare.js";
import type { FeedSet } from "./feeds.js";
import { precisionOf } from "./inputs.js";
import { perturbFeeds } from "./perturb.js";
import { withProbes } from "./probes.js";
import type { Runtime, RuntimeTensor, Session, TensorMap } from "./runtime.js";
import { judge, type Noise, noiseOf } from "./tolerance.js";

/** One value inside both models, on one set of inputs. */
export interface LayerReport extends OutputReport {
  /** The node of the original that computes it. */
  readonly node: string;
  /** The set of inputs. */
  readonly set: string;
}

/** The values inside two models that have the same name. */
export interface LayersReport {
  /** How many were compared. */
  readonly compared: number;
  /** How many were not, because their types or sizes differ, or the runtime does not hand them over. */
  readonly skipped: number;
  /** Of the values that differ, the first in the order of the original's nodes. */
  readonly first: LayerReport | undefined;
  /** The values that differ most in units of their largest magnitude, the worst first; each on its worst set. */
  readonly worst: readonly LayerReport[];
}

/** One of the models. */
export interface LayersOf {
  readonly model: Model;
  readonly runtime: Runtime;
}

/** How layers are compared. */
export interface LayersOptions {
  /** The inputs. */
  readonly sets: readonly FeedSet[];
  readonly seed: number;
  /** Makes a model ready for a runtime to open. */
  readonly stage: (model: Model) => Promise<StagedModel>;
  /** The tolerance; measured where none is given, by perturbing the inputs of the original. */
  readonly bounds?: Bounds;
  readonly signal?: AbortSignal;
}

/** The bytes of one model's values that are held at a time. */
const BATCH_BYTES = 2 ** 26;
/** The values of one run at most. */
const BATCH_VALUES = 64;
/** The values that a report lists. */
const LISTED = 10;

/**
 * Compares each value that both models compute under one name. Both get all of them as outputs, and give as many at a time as
 * BATCH_BYTES hold. A runtime that optimizes the graph fuses less then: a value that is asked for has to be there.
 */
export async function compareLayers(a: LayersOf, b: LayersOf, options: LayersOptions): Promise<LayersReport> {
  const { pairs, skipped } = sharedValues(a.model, b.model);
  const opened: (() => Promise<void>)[] = [];
  const open = async ({ model, runtime }: LayersOf): Promise<Session> => {
    const staged = await options.stage(
      withProbes(
        model,
        pairs.map(({ name }) => name),
      ),
    );
    opened.push(staged.dispose);
    const session = await runtime.open(staged.model);
    opened.push(() => session.close());
    return session;
  };
  try {
    if (pairs.length === 0) return { compared: 0, skipped, first: undefined, worst: [] };
    const walk = new Walk(a.model, pairs, await open(a), await open(b), options);
    for (const set of options.sets) await walk.compare(set);
    return walk.report(skipped);
  } finally {
    for (const close of opened.reverse()) await close();
  }
}

/** A value of the original that the result has too. */
interface Pair {
  readonly name: string;
  readonly node: string;
  readonly value: Value;
}

/** The values of both graphs with the same name and type, in the order of the original's nodes. */
function sharedValues(a: Model, b: Model): { readonly pairs: readonly Pair[]; readonly skipped: number } {
  const [factsA, factsB] = [createFacts(a), createFacts(b)];
  const others = new Map<string, Value>();
  for (const node of b.graph.nodes()) {
    if (node.is("Constant")) continue;
    for (const value of node.outputs) if (value !== null) others.set(value.name, value);
  }
  const pairs: Pair[] = [];
  let skipped = 0;
  for (const node of a.graph.nodes()) {
    if (node.is("Constant")) continue;
    for (const value of node.outputs) {
      const other = value === null ? undefined : others.get(value.name);
      // Outputs are compared as such.
      if (value === null || other === undefined || value.isGraphOutput || value.name === "") continue;
      if (areAlike(factsA, value, factsB, other)) pairs.push({ name: value.name, node: node.label, value });
      else skipped++;
    }
  }
  return { pairs, skipped };
}

/** Types that onnxruntime-node does not hand over. */
const NOT_CARRIED = /^(?:bfloat16|float8|float4|complex|u?int[24]$)/;

function areAlike(factsA: Facts, a: Value, factsB: Facts, b: Value): boolean {
  const [dtype, other] = [factsA.dtype(a), factsB.dtype(b)];
  if (dtype === undefined || dtype !== other || NOT_CARRIED.test(dtype)) return false;
  const [shapeA, shapeB] = [factsA.shape(a), factsB.shape(b)];
  if (shapeA === undefined || shapeB === undefined) return true;
  // Symbols of two models have nothing to do with each other.
  const isOther = (axis: number): boolean => {
    const [m, n] = [shapeA[axis], shapeB[axis]];
    return typeof m === "number" && typeof n === "number" && m !== n;
  };
  return shapeA.length === shapeB.length && !shapeA.some((_, axis) => isOther(axis));
}

class Walk {
  readonly #model: Model;
  readonly #facts: Facts;
  readonly #pairs: readonly Pair[];
  readonly #a: Session;
  readonly #b: Session;
  readonly #options: LayersOptions;
  /** By the place of the pair, its worst report. */
  readonly #worst = new Map<number, LayerReport>();
  readonly #unlike = new Set<number>();

  constructor(model: Model, pairs: readonly Pair[], a: Session, b: Session, options: LayersOptions) {
    this.#model = model;
    this.#facts = createFacts(model);
    this.#pairs = pairs;
    this.#a = a;
    this.#b = b;
    this.#options = options;
  }

  /** Compares all pairs on one set of inputs. */
  async compare(set: FeedSet): Promise<void> {
    for (const batch of this.#batches(set)) {
      this.#options.signal?.throwIfAborted();
      const names = batch.flatMap((index) => this.#pairs[index]?.name ?? []);
      const left = await this.#a.run(set.feeds, names);
      const right = await this.#b.run(set.feeds, names);
      const moved = this.#moved(set, names);
      for (const index of batch) await this.#judge(index, set, left, right, moved);
    }
  }

  report(skipped: number): LayersReport {
    const places = [...this.#worst.keys()].sort((a, b) => a - b);
    const all = places.flatMap((place) => this.#worst.get(place) ?? []);
    const differing = all.filter(
      ({ comparison }) => comparison.differing > 0 || comparison.mismatch !== undefined,
    );
    return {
      compared: all.length,
      skipped: skipped + this.#unlike.size,
      first: all.find(({ verdict }) => verdict === "differs"),
      worst: differing.sort((a, b) => share(b) - share(a)).slice(0, LISTED),
    };
  }

  async #judge(
    index: number,
    set: FeedSet,
    left: TensorMap,
    right: TensorMap,
    moved: () => Promise<TensorMap | undefined>,
  ): Promise<void> {
    const pair = this.#pairs[index];
    const [a, b] = pair === undefined ? [] : [left.get(pair.name), right.get(pair.name)];
    if (pair === undefined || a === undefined || b === undefined) return;
    const comparison = compareTensors(a, b);
    if (comparison.mismatch !== undefined) {
      // Another value, which has the same name by chance.
      this.#unlike.add(index);
      this.#worst.delete(index);
      return;
    }
    const { bounds } = this.#options;
    const noise = (): AsyncGenerator<Noise> => noiseFrom(pair.name, a, moved);
    const judgement =
      bounds === undefined
        ? await judge(a, b, comparison, "rounding", precisionOf(this.#model), noise)
        : judgeWithin(a, b, comparison, bounds);
    const report: LayerReport = { name: pair.name, node: pair.node, set: set.name, comparison, ...judgement };
    const known = this.#worst.get(index);
    if (known === undefined || isWorse(report, known)) this.#worst.set(index, report);
  }

  /** The outputs of the original on perturbed inputs, run once for a batch where somebody asks. */
  #moved(set: FeedSet, names: readonly string[]): () => Promise<TensorMap | undefined> {
    let running: Promise<TensorMap | undefined> | undefined;
    return () => {
      const feeds = perturbFeeds(set.feeds, this.#options.seed);
      running ??=
        feeds === undefined ? Promise.resolve(undefined) : this.#a.run(feeds, names).catch(() => undefined);
      return running;
    };
  }

  /** Places of pairs, as many at a time as may be held; a value of unknown size is alone. */
  *#batches({ feeds }: FeedSet): Generator<readonly number[]> {
    const dims = new Map([...feeds].map(([name, tensor]) => [name, tensor.dims]));
    const estimator = new Estimator(this.#facts, sizesOfRun(this.#model, this.#facts, dims));
    let [batch, held]: [number[], number] = [[], 0];
    for (const [index, { value }] of this.#pairs.entries()) {
      const bytes = estimator.bytes(value) ?? BATCH_BYTES;
      if (batch.length > 0 && (held + bytes > BATCH_BYTES || batch.length === BATCH_VALUES)) {
        yield batch;
        [batch, held] = [[], 0];
      }
      batch.push(index);
      held += bytes;
    }
    if (batch.length > 0) yield batch;
  }
}

async function* noiseFrom(
  name: string,
  clean: RuntimeTensor,
  moved: () => Promise<TensorMap | undefined>,
): AsyncGenerator<Noise> {
  const tensor = (await moved())?.get(name);
  if (tensor !== undefined) yield noiseOf(clean, [tensor]);
}

function isWorse(a: LayerReport, b: LayerReport): boolean {
  const isFound = (report: LayerReport): boolean => report.verdict === "differs";
  return isFound(a) === isFound(b) ? share(a) > share(b) : isFound(a);
}

/** The largest difference in units of the largest magnitude. */
function share({ comparison: { maxAbsolute, scale, nonFinite } }: LayerReport): number {
  if (nonFinite > 0) return Number.POSITIVE_INFINITY;
  return scale > 0 ? maxAbsolute / scale : maxAbsolute;
}
