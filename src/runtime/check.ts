import { NormfoldError } from "../base/errors.js";
import type { Numerics } from "../base/numerics.js";
import { SPECIAL_VALUES, type SpecialValue } from "../base/special-values.js";
import { carried } from "./carriers.js";
import type { CheckReport } from "./check-report.js";
import type { CheckerOptions } from "./checker-options.js";
import { compareSets, compareSpecialValues, overall } from "./compare-sets.js";
import { endedTheRuntime } from "./errors.js";
import { type FeedSet, type Probe, probeFeeds } from "./feeds.js";
import { portSpecs } from "./inputs.js";
import { Original } from "./original.js";
import type { RuntimeModel, Session } from "./runtime.js";
import { claimOf } from "./special-values.js";

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
  const reference = new Original(original, session, probes, options);
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
