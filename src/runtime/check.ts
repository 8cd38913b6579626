import { NormfoldError } from "../base/errors.js";
import type { Numerics } from "../base/numerics.js";
import { SPECIAL_VALUES, type SpecialValue } from "../base/special-values.js";
import { type FloatDType, isFloat } from "../ir/dtype.js";
import { carried } from "./carriers.js";
import type { CheckReport, OutputReport, SetReport, StoredReport, Verdict } from "./check-report.js";
import { compareTensors } from "./compare.js";
import { endedTheRuntime, errors } from "./errors.js";
import { type FeedSet, type Probe, probeFeeds } from "./feeds.js";
import { type InputSpec, portSpecs } from "./inputs.js";
import { perturbFeeds } from "./perturb.js";
import type { Objection } from "./prediction.js";
import { besideProbe, type Flattened } from "./probes.js";
import type { Runtime, RuntimeModel, RuntimeTensor, Session, TensorMap } from "./runtime.js";
import { brokenClaim, claimOf, type SpecialClaim, specialFeeds } from "./special-values.js";
import { coarsest, judge, type Noise, noiseOf } from "./tolerance.js";

/** How `createChecker` runs the original and whatever is compared with it. */
export interface CheckerOptions {
  readonly runtime: Runtime;
  readonly seed: number;
  /** The user's own data. Without it the inputs are generated. */
  readonly feeds?: readonly FeedSet[];
  /** The model's own description of its inputs (describeInputs); without it, the runtime's. */
  readonly inputs?: readonly InputSpec[];
  /** Sizes of generated inputs by name. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Try an empty batch too (mayRunEmpty). */
  readonly emptyBatch?: boolean;
  /** Why generated inputs of some sizes are not tried (objectionTo). */
  readonly objection?: Objection;
  /** Why the original cannot be opened (objectionToLoading). */
  readonly unloadable?: NormfoldError;
  /** The coarsest type the model computes in (precisionOf); without it, the coarsest of its inputs and outputs. */
  readonly precision?: FloatDType;
  /**
   * The original with perturbed weights (perturbWeights), made ready to open; others for each number from 0 on. Asked for only
   * while an output differs by more than the measured rounding of the original, NOISE_RUNS times at most. Without it only
   * the inputs are perturbed.
   */
  readonly noisy?: (run: number) => Promise<StagedModel>;
  /** Outputs that the result need not have (probesOf); compared where it has them. */
  readonly optional?: readonly string[];
  /** Outputs that are smooth functions of others (flattenedOutputs): they may move as far as the movement of those explains. */
  readonly flattened?: ReadonlyMap<string, Flattened>;
  /** The original may be fed NaN and infinity (takesSpecialValues). */
  readonly takesSpecialValues?: boolean;
  /** A declaration of the original that contradicts its operators, as a clause; asked for where it does not load. */
  readonly contradiction?: () => string | undefined;
  readonly signal?: AbortSignal;
}

/** A model where a runtime can open it, until it is disposed of. */
export interface StagedModel {
  readonly model: RuntimeModel;
  readonly dispose: () => Promise<void>;
}

/** The original, run once, to compare many results with. Close it. */
export interface Checker {
  /** Why nothing can be compared: the runtime cannot run the original. */
  readonly unchecked: string | undefined;
  /** The inputs it compares on. */
  readonly sets: readonly FeedSet[];
  /**
   * Compares a result. Never throws for a fault of the result, which is a report that it differs. The special values that
   * the result is not said to change are compared too.
   */
  compare(
    result: RuntimeModel,
    numerics: Numerics,
    mayChange?: readonly SpecialValue[],
  ): Promise<CheckReport>;
  close(): Promise<void>;
}

type Finding = Pick<CheckReport, "status" | "reason" | "special" | "uncompared" | "sets">;

/** Opens and runs the original, and keeps its session (for the noise runs) and its outputs. */
export async function createChecker(original: RuntimeModel, options: CheckerOptions): Promise<Checker> {
  const { runtime } = options;
  const label = `${runtime.name} ${runtime.version}`;
  const report = (numerics: Numerics, rest: Finding): CheckReport => {
    return { numerics, seed: options.seed, runtime: label, ...rest };
  };
  const unchecked = (reason: string): Checker => ({
    unchecked: reason,
    sets: [],
    compare: (_, numerics) =>
      Promise.resolve(
        report(numerics, { status: "unchecked", reason, special: undefined, uncompared: [], sets: [] }),
      ),
    close: () => Promise.resolve(),
  });
  if (options.unloadable !== undefined) return unchecked(options.unloadable.describe());
  let session: Session;
  try {
    session = await runtime.open(original);
  } catch (error) {
    const contradiction = options.contradiction?.();
    const also = contradiction === undefined ? "" : `; the model contradicts itself: ${contradiction}`;
    return unchecked(`${reasonOf(error)}${also}`);
  }
  let probes: Probe[];
  try {
    probes = await runOriginal(session, options);
  } catch (error) {
    await session.close();
    return unchecked(reasonOf(error));
  }
  const reference = new Reference(original, session, probes, options);
  const { uncompared } = reference;
  return {
    unchecked: undefined,
    sets: probes.map((probe) => probe.set),
    compare: async (result, numerics, mayChange = SPECIAL_VALUES) => {
      let candidate: Session | undefined;
      try {
        candidate = await runtime.open(result);
        const sets = await compareSets(reference, candidate, numerics, options.signal);
        const found = overall(sets);
        const claim = claimOf(numerics, mayChange, reference.precision);
        const special =
          claim === undefined || found.status === "differs"
            ? undefined
            : await compareSpecialValues(reference, candidate, claim);
        return report(numerics, { ...found, special: undefined, ...special, uncompared, sets });
      } catch (error) {
        const reason = `the result: ${reasonOf(error)}`;
        const status = endedTheRuntime(error) ? "unchecked" : "differs";
        return report(numerics, { status, reason, special: undefined, uncompared, sets: [] });
      } finally {
        await candidate?.close();
      }
    },
    close: () => session.close(),
  };
}

/** The runtime's message. Usage errors, internal errors and aborts are thrown again. */
function reasonOf(error: unknown): string {
  if (error instanceof NormfoldError && error.code !== "usage" && error.code !== "internal") {
    return error.describe();
  }
  throw error;
}

async function runOriginal(session: Session, options: CheckerOptions): Promise<Probe[]> {
  if (options.feeds === undefined) {
    return await probeFeeds(session, options.inputs ?? portSpecs(session.inputs), options);
  }
  const probes: Probe[] = [];
  for (const set of options.feeds) {
    options.signal?.throwIfAborted();
    const feeds = new Map([...set.feeds].map(([name, tensor]) => [name, carried(tensor)] as const));
    const expected =
      set.expected && new Map([...set.expected].map(([name, tensor]) => [name, carried(tensor)] as const));
    probes.push({ set: { name: set.name, feeds, expected }, outputs: await session.run(feeds) });
  }
  return probes;
}

/**
 * The most perturbed runs of the original. One run is enough for an output of many numbers, because the largest movement
 * counts. A single number, or a Softmax over two classes, may by chance not move in one run.
 */
const NOISE_RUNS = 4;

/** The original's outputs, and on demand how rounding and chance move them. */
class Reference {
  readonly probes: readonly Probe[];
  readonly precision: FloatDType;
  readonly outputs: readonly string[];
  readonly optional: ReadonlySet<string>;
  readonly flattened: ReadonlyMap<string, Flattened>;
  readonly #original: RuntimeModel;
  readonly #session: Session;
  readonly #options: CheckerOptions;
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
    this.probes = probes;
    this.optional = new Set(options.optional);
    this.flattened = options.flattened ?? new Map();
    this.outputs = session.outputs.flatMap((port) => (port.dtype === undefined ? [] : [port.name]));
    const dtypes = [...session.inputs, ...session.outputs].map((port) => port.dtype ?? "undefined");
    this.precision = options.precision ?? coarsest(dtypes);
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

  async #runPerturbed(run: number): Promise<readonly (TensorMap | undefined)[]> {
    const { noisy, runtime, seed, signal } = this.#options;
    signal?.throwIfAborted();
    const staged = await noisy?.(run);
    // Perturbed weights or inputs may be refused (a size computed in floats); then fewer runs measure the noise, or none.
    const session = staged && (await runtime.open(staged.model).catch(() => undefined));
    try {
      const found: (TensorMap | undefined)[] = [];
      for (const [index, { set }] of this.probes.entries()) {
        const feeds = perturbFeeds(set.feeds, seed + run * this.probes.length + index);
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

function isOther(before: RuntimeTensor, after: RuntimeTensor | undefined): boolean {
  if (after === undefined) return false;
  const { mismatch, differing } = compareTensors(before, after);
  return mismatch !== undefined || differing > 0;
}

async function compareSets(
  reference: Reference,
  candidate: Session,
  numerics: Numerics,
  signal: AbortSignal | undefined,
): Promise<SetReport[]> {
  requireOutputs(reference, candidate);
  const sets: SetReport[] = [];
  for (const [index, { set, outputs }] of reference.probes.entries()) {
    signal?.throwIfAborted();
    const results = await candidate.run(set.feeds);
    const reports: OutputReport[] = [];
    for (const name of reference.outputs) {
      const [a, b] = [outputs.get(name), results.get(name)];
      if (a !== undefined && b !== undefined)
        reports.push(await compareOutput(reference, index, name, a, b, numerics));
    }
    const inputs = [...set.feeds].map(([name, { dtype, dims }]) => ({ name, dtype, dims }));
    const stored = compareStored(set, results);
    const judged = reports.map((report) => besideProbe(report, reports, reference.flattened));
    sets.push({ name: set.name, inputs, outputs: judged, stored, verdict: worst(judged) });
  }
  return sets;
}

/** Whether the claim holds on inputs with special values, if the original takes any. */
async function compareSpecialValues(
  reference: Reference,
  candidate: Session,
  claim: SpecialClaim,
): Promise<Pick<CheckReport, "special"> | Pick<CheckReport, "special" | "status" | "reason">> {
  const probes = await reference.special();
  if (probes.length === 0) return { special: undefined };
  for (const probe of probes) {
    const results = await candidate.run(probe.set.feeds);
    for (const name of reference.outputs) {
      const [a, b] = [probe.outputs.get(name), results.get(name)];
      const broken = a && b && brokenClaim(a, b, claim);
      if (broken === undefined || (await reference.isUnsettled(name, probe, claim))) continue;
      const reason = `output "${name}" on special values: ${broken}`;
      return { special: undefined, status: "differs", reason };
    }
  }
  return { special: claim };
}

function requireOutputs(reference: Reference, candidate: Session): void {
  const given = new Set(candidate.outputs.map((port) => port.name));
  for (const name of reference.outputs) {
    if (reference.optional.has(name)) continue;
    if (!given.has(name)) throw errors.resultLacksOutput(name);
  }
}

async function compareOutput(
  reference: Reference,
  set: number,
  name: string,
  a: RuntimeTensor,
  b: RuntimeTensor,
  numerics: Numerics,
): Promise<OutputReport> {
  const comparison = compareTensors(a, b);
  const noise = (): AsyncIterable<Noise> => reference.noise(set, name);
  const judgement = await judge(a, b, comparison, numerics, reference.precision, noise);
  if (judgement.verdict === "differs" && (await reference.isRandom(set, name))) {
    const reason = "the original gives another output each time it is run";
    return { name, comparison, ...judgement, verdict: "unjudged", reason };
  }
  return { name, comparison, ...judgement };
}

const STORED_TOLERANCE = 1e-3;

function compareStored(set: FeedSet, results: TensorMap): StoredReport[] {
  return [...(set.expected ?? [])].flatMap(([name, expected]) => {
    const result = results.get(name);
    if (result === undefined) return [];
    const comparison = compareTensors(expected, result);
    const { mismatch, nonFinite, maxAbsolute, scale, differing, dtype } = comparison;
    const near = isFloat(dtype) ? maxAbsolute <= STORED_TOLERANCE * scale : differing === 0;
    return [{ name, comparison, agrees: mismatch === undefined && nonFinite === 0 && near }];
  });
}

function worst(outputs: readonly OutputReport[]): Verdict {
  if (outputs.some((output) => output.verdict === "differs")) return "differs";
  return outputs.some((output) => output.verdict === "equal") ? "equal" : "unjudged";
}

function overall(sets: readonly SetReport[]): Pick<CheckReport, "status" | "reason"> {
  const verdicts = sets.map((set) => set.verdict);
  for (const wanted of ["differs", "unjudged"] as const) {
    if (wanted === "unjudged" && verdicts.includes("equal")) break;
    for (const set of sets) {
      const output = set.outputs.find((report) => report.verdict === wanted);
      if (output === undefined) continue;
      const reason = `output "${output.name}" on ${set.name}: ${output.reason}`;
      return { status: wanted === "differs" ? "differs" : "unchecked", reason };
    }
  }
  if (verdicts.includes("equal")) return { status: "equal", reason: undefined };
  return { status: "unchecked", reason: "the model has no tensor outputs to compare" };
}
