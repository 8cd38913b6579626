import { NormfoldError } from "../base/errors.js";
import type { Numerics } from "../base/numerics.js";
import { defined } from "../base/optional.js";
import { SPECIAL_VALUES, type SpecialValue } from "../base/special-values.js";
import type { Model } from "../ir/model.js";
import { carried } from "./carriers.js";
import type { CheckReport, SetReport } from "./check-report.js";
import type { CheckerOptions } from "./checker-options.js";
import { compareSets, compareSpecialValues, overall } from "./compare-sets.js";
import { endedTheRuntime } from "./errors.js";
import { type FeedSet, type Probe, probeFeeds } from "./feeds.js";
import { portSpecs } from "./inputs.js";
import { Original } from "./original.js";
import { HEAVY_RUN } from "./prediction.js";
import type { RuntimeModel, Session } from "./runtime.js";
import { type CutModels, isDoubtful, lookAgain } from "./second-look.js";
import { claimOf } from "./special-values.js";
import { comparesBits } from "./tolerance.js";

/** The original, run once, to compare many results with. Close it. */
export interface Checker {
  /** Why nothing can be compared: the runtime cannot run the original. */
  readonly unchecked: string | undefined;
  /** The inputs it compares on. */
  readonly sets: readonly FeedSet[];
  /**
   * Compares a result. Never throws for a fault of the result, which is a report that it differs. The special values that
   * the result is not said to change are compared too. `candidate` is the result to cut where it decides (CheckerOptions.cut):
   * without it, outputs behind near ties may differ.
   */
  compare(
    result: RuntimeModel,
    numerics: Numerics,
    mayChange?: readonly SpecialValue[],
    candidate?: Model,
  ): Promise<CheckReport>;
  /**
   * One that compares on inputs of another seed, over the same session; undefined where the inputs were given. Closed with this
   * one.
   */
  another(seed: number): Promise<Checker | undefined>;
  close(): Promise<void>;
}

type Finding = Omit<CheckReport, "numerics" | "seed" | "runtime">;

/** Opens and runs the original, and keeps its session (for the noise runs) and its outputs. */
export async function createChecker(original: RuntimeModel, options: CheckerOptions): Promise<Checker> {
  const { runtime } = options;
  const unchecked = (reason: string): Checker => ({
    unchecked: reason,
    sets: [],
    compare: (_, numerics) =>
      Promise.resolve(reportOf(options, numerics, { ...NOTHING_RUN, status: "unchecked", reason })),
    another: () => Promise.resolve(undefined),
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
  try {
    return await checkerOn(original, session, options);
  } catch (error) {
    await session.close();
    return unchecked(reasonOf(error));
  }
}

const NOTHING_RUN = { special: undefined, uncompared: [], sets: [], tamed: [] } as const;

function reportOf({ runtime, seed }: CheckerOptions, numerics: Numerics, rest: Finding): CheckReport {
  return { numerics, seed, runtime: `${runtime.name} ${runtime.version}`, ...rest };
}

/** A checker on inputs of its own, over an original that is open. */
async function checkerOn(
  original: RuntimeModel,
  session: Session,
  options: CheckerOptions,
): Promise<Checker> {
  const { runtime } = options;
  const reference = new Original(original, session, await runOriginal(session, options), options);
  const { uncompared } = reference;
  const heavy = heavyRun(reference, options);
  return {
    unchecked: undefined,
    get sets() {
      return reference.probes.map((probe) => probe.set);
    },
    compare: async (result, numerics, mayChange = SPECIAL_VALUES, model = undefined) => {
      let candidate: Session | undefined;
      try {
        candidate = await (options.resultRuntime ?? runtime).open(result);
        const sets = await judgeSets(reference, candidate, numerics, model, options);
        const found = overall(sets);
        const claim = claimOf(numerics, mayChange, reference.precision);
        const isOver = heavy !== undefined || options.isSpent?.() === true;
        const special =
          claim === undefined || found.status === "differs" || isOver
            ? undefined
            : await compareSpecialValues(reference, candidate, claim);
        const { tamed, probes } = reference;
        const skipped = probes.slice(sets.length).map(({ set }) => set.name);
        const rest = { ...found, ...special, uncompared, sets, tamed };
        return reportOf(options, numerics, {
          special: undefined,
          ...rest,
          ...(skipped.length > 0 ? { skipped } : {}),
          ...defined({ heavy }),
        });
      } catch (error) {
        const reason = `the result: ${reasonOf(error)}`;
        const status = endedTheRuntime(error) ? "unchecked" : "differs";
        return reportOf(options, numerics, { ...NOTHING_RUN, status, reason, uncompared });
      } finally {
        await candidate?.close();
      }
    },
    another: (seed) =>
      options.feeds === undefined
        ? checkerOn(original, session, { ...options, seed }).catch((error: unknown) => {
            // It runs on the first inputs, and on these it does not: then there are no others.
            reasonOf(error);
            return undefined;
          })
        : Promise.resolve(undefined),
    close: () => session.close(),
  };
}

/** The operations of a run on generated inputs that are one set because a run takes long; undefined where there are more. */
function heavyRun({ probes: [probe] }: Original, { feeds, operations }: CheckerOptions): number | undefined {
  if (feeds !== undefined || probe === undefined) return undefined;
  const dims = new Map([...probe.set.feeds].map(([name, tensor]) => [name, tensor.dims] as const));
  const found = operations?.(dims);
  return found !== undefined && found > HEAVY_RUN ? found : undefined;
}

/**
 * The outputs of a candidate on all sets. Where they differ, original and candidate are looked at again, cut where they decide;
 * where they still do, and rounding alone does as much, on smaller inputs.
 */
async function judgeSets(
  reference: Original,
  candidate: Session,
  numerics: Numerics,
  model: Model | undefined,
  options: CheckerOptions,
): Promise<readonly SetReport[]> {
  // A tolerance that is given is the whole judgement.
  const isPlain = options.bounds !== undefined || comparesBits(numerics, reference.precision);
  let cut: CutModels | undefined;
  for (;;) {
    let sets: readonly SetReport[] = await compareSets(reference, candidate, numerics, options);
    if (isPlain || !sets.some(isDoubtful) || options.isSpent?.()) return sets;
    cut ??= model === undefined ? undefined : options.cut?.(model);
    if (cut !== undefined) sets = await lookAgain(reference, cut, sets, numerics, options);
    if (!(await tameAny(reference, sets))) return sets;
  }
}

async function tameAny(reference: Original, sets: readonly SetReport[]): Promise<boolean> {
  for (const [index, { outputs }] of sets.entries()) {
    const doubtful = outputs.find(({ verdict }) => verdict !== "equal");
    if (doubtful !== undefined && (await reference.tame(index, doubtful.name))) return true;
  }
  return false;
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
