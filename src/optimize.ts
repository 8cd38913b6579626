import { PASSES } from "../passes/index.js";
import { NormfoldError } from "./base/errors.js";
import { cloneModel } from "./ir/clone.js";
import type { Model } from "./ir/model.js";
import {
  DEFAULT_SETTINGS,
  type Evaluate,
  type Numerics,
  type Pass,
  type RefusalRecord,
  type RewriteRecord,
} from "./rewrite/pass.js";
import { type PipelineLog, runPipeline } from "./rewrite/pipeline.js";
import { ApplyFailure, type Gate, rewriteIdentity } from "./rewrite/session.js";

/** A verdict on one candidate. `reason` says what differed, in one line. */
export type Verdict =
  | { readonly kind: "equal" }
  | { readonly kind: "differs"; readonly reason: string }
  | { readonly kind: "unchecked"; readonly reason: string };

/** Compares a candidate with the original; how strictly depends on what the rewrites may do to the numbers. */
export type Judge = (candidate: Model, numerics: Numerics) => Promise<Verdict>;

export interface OptimizeStages {
  /** Called when a stage begins, so that a caller with a clock can time it or show it. */
  readonly onStage?: (stage: string) => void;
}

export interface OptimizeOptions extends OptimizeStages {
  /** Passes to run, in this order, by name or as objects of your own; the whole pipeline by default. */
  readonly passes?: readonly (string | Pass)[];
  /** Names of passes to leave out. */
  readonly skip?: readonly string[];
  /** Bytes by which one folded constant may exceed the constants that vanish with it. Default 1 MiB. */
  readonly growthLimit?: number;
  /** Verify the graph after every pass. */
  readonly verifyEach?: boolean;
  readonly evaluate?: Evaluate | undefined;
  readonly judge?: Judge | undefined;
}

/** A rewrite that was made, found to break the model, and undone. */
export interface RolledBack extends RewriteRecord {
  readonly reason: string;
}

export interface OptimizeResult {
  readonly model: Model;
  readonly rewrites: readonly RewriteRecord[];
  readonly refusals: readonly RefusalRecord[];
  readonly rolledBack: readonly RolledBack[];
  readonly rounds: number;
  readonly verdict: Verdict;
}

/** Rewrites that may turn out bad before the whole run is given up: more than this is not a bad rewrite but a bad day. */
const MAX_ROLLBACKS = 16;

/**
 * Runs the passes on a copy of `model` and has the result judged. A rewrite that makes the outputs differ, or that
 * fails, is found by bisection over the log, left out, and named in `rolledBack`; the rest is kept.
 * Throws NormfoldError "check" when no set of rewrites passes, "usage" for unknown pass names.
 */
export async function optimizeModel(model: Model, options: OptimizeOptions = {}): Promise<OptimizeResult> {
  const passes = selectPasses(options.passes, options.skip);
  const denied = new Set<string>();
  const rolledBack: RolledBack[] = [];
  const deny = (record: RewriteRecord, reason: string): void => {
    if (rolledBack.length === MAX_ROLLBACKS) {
      throw new NormfoldError(
        "check",
        `${MAX_ROLLBACKS} rewrites were undone and the outputs still differ; ${reason}`,
      );
    }
    denied.add(rewriteIdentity(record));
    rolledBack.push({ ...record, reason });
  };
  const run = async (limit: number): Promise<Candidate> => {
    for (;;) {
      const candidate = await tryRun(model, passes, { denied, limit }, options);
      if (!(candidate instanceof ApplyFailure)) return candidate;
      deny(candidate.record, `it failed: ${candidate.message}`);
    }
  };

  for (;;) {
    options.onStage?.("rewrite");
    const candidate = await run(Number.POSITIVE_INFINITY);
    const verdict = await judge(candidate, options);
    if (verdict.kind !== "differs") {
      return { model: candidate.model, ...candidate.log, rolledBack, verdict };
    }
    options.onStage?.("bisect");
    const { record, reason } = await findCulprit(candidate, verdict.reason, run, options);
    deny(record, reason);
  }
}

interface Candidate {
  readonly model: Model;
  readonly log: PipelineLog;
}

async function tryRun(
  original: Model,
  passes: readonly Pass[],
  gate: Gate,
  options: OptimizeOptions,
): Promise<Candidate | ApplyFailure> {
  const model = cloneModel(original);
  try {
    const log = await runPipeline(model, passes, {
      settings: { ...DEFAULT_SETTINGS, growthLimit: options.growthLimit ?? DEFAULT_SETTINGS.growthLimit },
      gate,
      evaluate: options.evaluate,
      verifyEach: options.verifyEach ?? false,
    });
    return { model, log };
  } catch (error) {
    if (error instanceof ApplyFailure) return error;
    throw error;
  }
}

async function judge(candidate: Candidate, options: OptimizeOptions): Promise<Verdict> {
  if (options.judge === undefined) return { kind: "unchecked", reason: "no check was asked for" };
  options.onStage?.("check");
  return options.judge(candidate.model, weakestNumerics(candidate.log.rewrites));
}

const WEAKER: readonly Numerics[] = ["exact", "rounding", "approximate"];

function weakestNumerics(rewrites: readonly RewriteRecord[]): Numerics {
  const rank = rewrites.reduce((worst, { numerics }) => Math.max(worst, WEAKER.indexOf(numerics)), 0);
  return WEAKER[rank] ?? "approximate";
}

/**
 * The first rewrite whose prefix of the log fails. The pipeline is deterministic, so that a run that stops after k
 * rewrites makes the first k of the full log.
 */
async function findCulprit(
  candidate: Candidate,
  reason: string,
  run: (limit: number) => Promise<Candidate>,
  options: OptimizeOptions,
): Promise<{ record: RewriteRecord; reason: string }> {
  const { rewrites } = candidate.log;
  let passing = -1;
  let failing = rewrites.length;
  let why = reason;
  while (failing - passing > 1) {
    const middle = passing < 0 && failing === rewrites.length ? 0 : (passing + failing) >> 1;
    const verdict = await judge(await run(middle), options);
    if (verdict.kind === "differs") {
      failing = middle;
      why = verdict.reason;
    } else passing = middle;
  }
  const record = rewrites[failing - 1];
  if (record === undefined) {
    throw new NormfoldError("check", `the model differs from itself before any rewrite; ${why}`);
  }
  return { record, reason: why };
}

/** The passes to run. Throws "usage" for a name that is not in the registry. */
export function selectPasses(
  wanted: readonly (string | Pass)[] | undefined,
  skip: readonly string[] = [],
): readonly Pass[] {
  const byName = new Map(PASSES.map((pass) => [pass.name, pass]));
  const find = (name: string): Pass => {
    const pass = byName.get(name);
    if (pass === undefined) {
      throw new NormfoldError("usage", `there is no pass "${name}"; "normfold passes" lists them`);
    }
    return pass;
  };
  const skipped = new Set(skip);
  const custom = new Set((wanted ?? []).flatMap((pass) => (typeof pass === "string" ? [] : [pass.name])));
  for (const name of skipped) if (!custom.has(name)) find(name);
  const passes = wanted?.map((pass) => (typeof pass === "string" ? find(pass) : pass)) ?? PASSES;
  return passes.filter((pass) => !skipped.has(pass.name));
}
