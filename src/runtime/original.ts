import type { FloatDType } from "../ir/dtype.js";
import type { Bounds } from "./bounds.js";
import type { Tamed } from "./check-report.js";
import type { CheckerOptions } from "./checker-options.js";
import { compareTensors } from "./compare.js";
import type { Probe } from "./feeds.js";
import { perturbFeeds } from "./perturb.js";
import type { Flattened } from "./probes.js";
import type { RuntimeModel, RuntimeTensor, Session, TensorMap } from "./runtime.js";
import { brokenClaim, type SpecialClaim, specialFeeds } from "./special-values.js";
import { coarsest, isChaotic, type Noise, noiseOf } from "./tolerance.js";

/**
 * The most perturbed runs of the original. One run is enough for an output of many numbers, because the largest movement
 * counts. A single number, or a Softmax over two classes, may by chance not move in one run.
 */
const NOISE_RUNS = 4;

/** Factors on inputs that are too large for a network, in turn. */
const CALMER = [0.3, 0.1, 0.03, 0.01];

/** The original's outputs, and on demand how rounding and chance move them. */
export class Original {
  readonly precision: FloatDType;
  readonly outputs: readonly string[];
  readonly optional: ReadonlySet<string>;
  readonly flattened: ReadonlyMap<string, Flattened>;
  readonly #original: RuntimeModel;
  readonly #session: Session;
  readonly #options: CheckerOptions;
  #probes: readonly Probe[];
  readonly #tamed: Tamed[] = [];
  /** Outputs on sets that no smaller inputs are calmer than. */
  readonly #untamed = new Set<string>();
  /** The outputs on each set, run by run. */
  readonly #perturbed: Promise<readonly (TensorMap | undefined)[]>[] = [];
  /** The outputs of the same inputs in a second run, set by set, and in another session. */
  readonly #repeated: Promise<TensorMap>[] = [];
  #reopened: Promise<readonly (TensorMap | undefined)[]> | undefined;
  #special: Promise<readonly Probe[]> | undefined;

  constructor(original: RuntimeModel, session: Session, probes: readonly Probe[], options: CheckerOptions) {
    this.#original = original;
    this.#session = session;
    this.#options = options;
    this.#probes = probes;
    this.optional = new Set(options.optional);
    this.flattened = options.flattened ?? new Map();
    this.outputs = session.outputs.flatMap((port) => (port.dtype === undefined ? [] : [port.name]));
    const dtypes = [...session.inputs, ...session.outputs].map((port) => port.dtype ?? "undefined");
    this.precision = options.precision ?? coarsest(dtypes);
  }

  /** The sets of inputs, and the outputs on each. */
  get probes(): readonly Probe[] {
    return this.#probes;
  }

  /** The sets that stand for wilder ones. */
  get tamed(): readonly Tamed[] {
    return this.#tamed;
  }

  /** The tolerance that is given in the place of a measured one. */
  get bounds(): Bounds | undefined {
    return this.#options.bounds;
  }

  get uncompared(): readonly string[] {
    return this.#session.outputs.flatMap((port) => (port.dtype === undefined ? [port.name] : []));
  }

  /**
   * How rounding moves an output on one set of inputs. Sets are measured apart, because a jump on one set must not excuse a
   * difference on another. Each item adds a run, so a caller that knows enough requests no further item.
   */
  async *noise(index: number, output: string): AsyncGenerator<Noise> {
    const clean = this.probes[index]?.outputs.get(output);
    const moved: RuntimeTensor[] = [];
    for (let run = 0; clean !== undefined && run < NOISE_RUNS; run++) {
      const outputs = this.#perturbed[run] ?? this.#runPerturbed(run);
      this.#perturbed[run] = outputs;
      const found = (await outputs)[index]?.get(output);
      if (found === undefined) return;
      moved.push(found);
      yield noiseOf(clean, moved);
    }
  }

  /**
   * Puts smaller inputs in the place of a set on which a few roundings move the output beyond all tolerance; false where they
   * do not, or where no smaller ones are calmer. Such a set says nothing: right results differ on it, and what a wrong one changes
   * drowns.
   */
  async tame(index: number, output: string): Promise<boolean> {
    const wild = this.#probes[index];
    const key = `${index} ${output}`;
    if (this.#untamed.has(key)) return false;
    this.#untamed.add(key);
    const measured = await firstOf(this.noise(index, output));
    if (wild?.shrunk === undefined || measured === undefined || !isChaotic(measured, this.precision))
      return false;
    const before = [this.#probes, this.#perturbed.splice(0), this.#repeated.splice(0)] as const;
    for (const factor of CALMER) {
      const probe = await wild.shrunk(factor);
      if (probe === undefined) break;
      this.#probes = before[0].with(index, probe);
      this.#perturbed.length = 0;
      const noise = await firstOf(this.noise(index, output));
      if (noise === undefined || isChaotic(noise, this.precision)) continue;
      this.#repeated.length = 0;
      this.#reopened = undefined;
      this.#tamed.push({ set: wild.set.name, by: probe.set.name, output, movement: measured.movement });
      return true;
    }
    this.#probes = before[0];
    this.#perturbed.splice(0, Number.POSITIVE_INFINITY, ...before[1]);
    this.#repeated.splice(0, Number.POSITIVE_INFINITY, ...before[2]);
    return false;
  }

  async #runPerturbed(run: number): Promise<readonly (TensorMap | undefined)[]> {
    const { noisy, runtime, seed, signal, unmoved } = this.#options;
    signal?.throwIfAborted();
    const staged = await noisy?.(run);
    // Perturbed weights or inputs may be refused (a size computed in floats); then fewer runs measure the noise, or none.
    const session = staged && (await runtime.open(staged.model).catch(() => undefined));
    try {
      const found: (TensorMap | undefined)[] = [];
      for (const [index, { set }] of this.probes.entries()) {
        const feeds = perturbFeeds(set.feeds, seed + run * this.probes.length + index, unmoved);
        const both = await session?.run(feeds ?? set.feeds).catch(() => undefined);
        const inputs = feeds && (() => this.#session.run(feeds).catch(() => undefined));
        found.push(both ?? (await inputs?.()));
      }
      return found;
    } finally {
      await session?.close();
      await staged?.dispose();
    }
  }

  /** The original's outputs on special values; none where it takes none, or where the inputs are the user's own. */
  special(): Promise<readonly Probe[]> {
    this.#special ??= this.#runSpecial();
    return this.#special;
  }

  async #runSpecial(): Promise<readonly Probe[]> {
    const { feeds: own, inputs, seed, signal, takesSpecialValues = false } = this.#options;
    const [probe] = this.probes;
    if (own !== undefined || inputs === undefined || !takesSpecialValues || probe === undefined) return [];
    const found: Probe[] = [];
    for (const feeds of specialFeeds(probe.set.feeds, inputs, seed)) {
      signal?.throwIfAborted();
      const outputs = await this.#session.run(feeds).catch(() => undefined);
      if (outputs === undefined) return [];
      found.push({ set: { name: "special values", feeds, expected: undefined }, outputs });
    }
    return found;
  }

  /** Whether a few roundings of its inputs change what the original gives of special values, or chance does. */
  async isUnsettled(output: string, { set, outputs }: Probe, claim: SpecialClaim): Promise<boolean> {
    if (await this.isRandom(0, output)) return true;
    const feeds = claim.exact ? undefined : perturbFeeds(set.feeds, this.#options.seed);
    const moved = feeds && (await this.#session.run(feeds)).get(output);
    const clean = outputs.get(output);
    return moved !== undefined && clean !== undefined && brokenClaim(clean, moved, claim) !== undefined;
  }

  /**
   * True when the original gives another output each time it is run on the same inputs: RandomNormal without seed, or memory
   * that onnxruntime leaves unwritten (an output of an empty batch whose size is a constant). A second run may find the same
   * memory as the first; a session of its own, as a result has one, finds other.
   */
  async isRandom(index: number, output: string): Promise<boolean> {
    const probe = this.probes[index];
    const before = probe?.outputs.get(output);
    if (probe === undefined || before === undefined) return false;
    this.#repeated[index] ??= this.#session.run(probe.set.feeds);
    if (isOther(before, (await this.#repeated[index]).get(output))) return true;
    this.#reopened ??= this.#runReopened();
    return isOther(before, (await this.#reopened)[index]?.get(output));
  }

  async #runReopened(): Promise<readonly (TensorMap | undefined)[]> {
    const { runtime, signal } = this.#options;
    const session = await runtime.open(this.#original).catch(() => undefined);
    try {
      const found: (TensorMap | undefined)[] = [];
      for (const { set } of this.probes) {
        signal?.throwIfAborted();
        found.push(await session?.run(set.feeds).catch(() => undefined));
      }
      return found;
    } finally {
      await session?.close();
    }
  }
}

async function firstOf<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}

function isOther(before: RuntimeTensor, after: RuntimeTensor | undefined): boolean {
  if (after === undefined) return false;
  const { mismatch, differing } = compareTensors(before, after);
  return mismatch !== undefined || differing > 0;
}
