import { defined } from "../base/optional.js";
import type {
  Entrant,
  OptimizationLevel,
  Runtime,
  RuntimeModel,
  Span,
  TensorMap,
} from "../runtime/runtime.js";
import { takeTurns } from "../runtime/turns.js";
import { median, medianInterval, quantile } from "./statistics.js";

/** A model to be measured, and the inputs that it runs on. */
export interface Subject {
  readonly model: RuntimeModel;
  readonly feeds: TensorMap;
}

/** How models are measured. */
export interface LatencyOptions {
  /** Threads within an operator. Default: the runtime's, one for each core. */
  readonly threads?: number;
  /** Where it runs. Default: the runtime's, "cpu". */
  readonly provider?: string;
  /** How far the runtime optimizes the graph. Default "all", its own. */
  readonly level?: OptimizationLevel;
  /** Seconds for each model: as soon as they have passed, no further round begins. Default 10. */
  readonly seconds?: number;
  /** Ends it at the next chance, with the signal's reason as the error. */
  readonly signal?: AbortSignal;
}

/** A time, as several rounds give it. */
export interface Timing {
  /** The median of the rounds, in milliseconds. */
  readonly median: number;
  /** Where the true median lies in 95 of 100 cases, in milliseconds; of fewer than five rounds what they span. */
  readonly interval: readonly [low: number, high: number];
}

/** The times of one model. */
export interface Latency {
  /** One run: of each round the median of its runs. */
  readonly run: Timing;
  /** The quarter of all runs that took least ends at the first, the quarter that took most begins at the second; milliseconds. */
  readonly quartiles: readonly [low: number, high: number];
  /** Opening it: the runtime reads the model, optimizes its graph and makes its weights ready. */
  readonly load: Timing;
  /** How often it was opened. */
  readonly rounds: number;
  /** How often it was run, warm-up not counted. */
  readonly runs: number;
}

/** How much longer one model runs than another. */
export interface Ratio {
  /** The median of the rounds' ratios. */
  readonly median: number;
  /** Where the true median lies in 95 of 100 cases; of fewer than five rounds what they span. */
  readonly interval: readonly [low: number, high: number];
}

/** The times of models that were measured side by side. */
export interface LatencyReport {
  /** Model by model. */
  readonly models: readonly Latency[];
  /** For each model after the first the time of one run over that of the first. */
  readonly ratios: readonly Ratio[];
}

/** A warm-up: the first run of a session makes room for its values and plans its memory. */
const WARM_UP: Span = { milliseconds: 20, leastRuns: 1 };
/** A round. */
const ROUND: Span = { milliseconds: 150, leastRuns: 3 };
/** Where a run takes so many milliseconds, more rounds say more than more runs. */
const SLOW = 300;
/** Rounds: sessions of the same model differ, by where their memory lies. Of fewer no interval can be told. */
export const LEAST_ROUNDS = 5;
const MOST_ROUNDS = 25;
/** No further round is needed where the median is known so well: half the interval over the median. */
const CERTAIN = 0.01;

/** What one round gives of a model, in milliseconds. */
interface Sample {
  readonly load: number;
  readonly runs: readonly number[];
}

/**
 * Measures models side by side. Each round opens them anew, warms them up and runs them in turns; the rounds end when all medians
 * are known well enough, or the time is over. Throws what the runtime throws where a model does not load or run.
 */
export async function measureLatency(
  runtime: Runtime,
  subjects: readonly Subject[],
  options: LatencyOptions = {},
): Promise<LatencyReport> {
  const rounds: (readonly Sample[])[] = [];
  const until = performance.now() + 1000 * (options.seconds ?? 10) * subjects.length;
  while (
    rounds.length === 0 ||
    (rounds.length < MOST_ROUNDS && performance.now() < until && !isSettled(rounds))
  ) {
    options.signal?.throwIfAborted();
    rounds.push(await measureRound(runtime, subjects, options, rounds.length % 2 === 1));
  }
  const samples = subjects.map((_, index) => rounds.map((round) => sampleOf(round, index)));
  const [first = [], ...others] = samples.map((own) => own.map(({ runs }) => median(runs)));
  return {
    models: samples.map(latencyOf),
    ratios: others.map((own) => timingOf(own.map((time, round) => time / (first[round] ?? time)))),
  };
}

async function measureRound(
  runtime: Runtime,
  subjects: readonly Subject[],
  options: LatencyOptions,
  isReversed: boolean,
): Promise<readonly Sample[]> {
  const { threads, provider, level = "all" } = options;
  const race = runtime.race ?? takeTurns;
  const order = [...subjects.keys()];
  if (isReversed) order.reverse();
  const entrants = new Map<number, Entrant & { readonly load: number }>();
  try {
    for (const index of order) {
      const subject = subjects[index];
      if (subject === undefined) continue;
      const start = performance.now();
      const session = await runtime.open(subject.model, {
        optimize: true,
        level,
        ...defined({ threads, provider }),
      });
      const load = session.openedIn ?? performance.now() - start;
      entrants.set(index, { session, feeds: subject.feeds, load });
    }
    const all = [...entrants.values()];
    const warm = await race(all, WARM_UP);
    const isSlow = warm.some((own) => median(own) > SLOW);
    const times = await race(all, isSlow ? { ...ROUND, leastRuns: 1 } : ROUND);
    const samples = new Map(
      [...entrants].map(([index, { load }], at) => [index, { load, runs: times[at] ?? [] }]),
    );
    return subjects.map((_, index) => samples.get(index) ?? { load: 0, runs: [] });
  } finally {
    for (const { session } of entrants.values()) await session.close();
  }
}

function sampleOf(round: readonly Sample[], index: number): Sample {
  return round[index] ?? { load: 0, runs: [] };
}

function isSettled(rounds: readonly (readonly Sample[])[]): boolean {
  if (rounds.length < LEAST_ROUNDS) return false;
  return (rounds[0] ?? []).every((_, index) => {
    const { median: middle, interval } = timingOf(rounds.map((round) => median(sampleOf(round, index).runs)));
    return interval[1] - interval[0] <= 2 * CERTAIN * middle;
  });
}

function latencyOf(samples: readonly Sample[]): Latency {
  const all = samples.flatMap(({ runs }) => runs);
  return {
    run: timingOf(samples.map(({ runs }) => median(runs))),
    quartiles: [quantile(all, 0.25), quantile(all, 0.75)],
    load: timingOf(samples.map(({ load }) => load)),
    rounds: samples.length,
    runs: all.length,
  };
}

function timingOf(values: readonly number[]): Timing {
  return { median: median(values), interval: medianInterval(values) };
}
