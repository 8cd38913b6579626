import type { Numerics } from "../base/numerics.js";
import { SPECIAL_VALUES, type SpecialValue, unionOf } from "../base/special-values.js";
import { cloneModel } from "../ir/clone.js";
import type { Model } from "../ir/model.js";
import { raiseOpset } from "../opset/raise.js";
import { REWRITE } from "../options/optimize.js";
import type { OptionsOf } from "../options/spec.js";
import { assertValues, settle } from "../options/validate.js";
import type { Evaluate, Pass, RefusalRecord, RewriteRecord } from "../rewrite/pass.js";
import { type PipelineLog, runPipeline } from "../rewrite/pipeline.js";
import { ApplyFailure, type Gate, rewriteIdentity } from "../rewrite/session.js";
import type { CheckReport } from "../runtime/check-report.js";
import { errors } from "./errors.js";
import { pinKept } from "./keep.js";
import { selectPasses } from "./select-passes.js";

/** Compares a candidate with the original: how exact the rewrites are, and which special values they may change. */
export type Judge = (
  candidate: Model,
  numerics: Numerics,
  mayChange: readonly SpecialValue[],
) => Promise<CheckReport>;

/** The rewrites to make, and the passes that make them. */
export interface RewriteOptions extends OptionsOf<typeof REWRITE> {
  /** Called when a stage begins, so that a caller with a clock can time it or show it. */
  readonly onStage?: (stage: "rewrite" | "evaluate" | "check" | "bisect" | "reference") => void;
  /** Passes to run, in this order, by name or as objects of your own; the whole pipeline by default. */
  readonly passes?: readonly (string | Pass)[];
  /**
   * For authors of passes: verify the graph after every pass, and throw "internal" at the first that left an invalid
   * one. Otherwise the rewrite that did it is undone and named, as one that changes the outputs is.
   */
  readonly verifyEach?: boolean;
}

/**
 * The services of a runtime. Without `evaluate` nothing is computed but views and small integers; without `judge` nothing is
 * checked.
 */
export interface RewriteServices {
  /** Computes constants. */
  readonly evaluate?: Evaluate | undefined;
  /** Compares candidates with the original. */
  readonly judge?: Judge | undefined;
  /** Awaited now and then, so that what goes on beside the rewriting is served. */
  readonly pause?: (() => Promise<void>) | undefined;
}

/** A rewrite that was made, found to break the model, and undone. */
export interface RolledBack extends RewriteRecord {
  /** How it broke the model. */
  readonly reason: string;
}

/** The rewritten copy, and the account of its rewrites. */
export interface RewriteResult {
  readonly model: Model;
  readonly rewrites: readonly RewriteRecord[];
  readonly refusals: readonly RefusalRecord[];
  readonly rolledBack: readonly RolledBack[];
  readonly rounds: number;
  /** undefined: there was no judge. */
  readonly check: CheckReport | undefined;
}

/** Rewrites that may be undone before the run is given up, because the cause is then hardly a single rewrite. */
const MAX_ROLLBACKS = 16;

/**
 * Runs the passes on a copy of `model` and has the result judged. A rewrite that makes the outputs differ, breaks a rule
 * of ONNX, or fails, is found by bisection over the log, left out, and named in `rolledBack`; the rest is kept.
 * Throws NormfoldError "check" when no set of rewrites passes, "usage" for unknown pass names.
 */
export async function rewriteModel(
  model: Model,
  options: RewriteOptions = {},
  services: RewriteServices = {},
): Promise<RewriteResult> {
  assertValues(REWRITE, options);
  const passes = selectPasses(options.passes, options.skip);
  const denied = new Set<string>();
  const rolledBack: RolledBack[] = [];
  const deny = (record: RewriteRecord, reason: string): void => {
    if (rolledBack.length === MAX_ROLLBACKS) {
      throw errors.tooManyRollbacks(MAX_ROLLBACKS, reason);
    }
    denied.add(rewriteIdentity(record));
    rolledBack.push({ ...record, reason });
  };
  const judged = (candidate: Candidate): Promise<Assessment> =>
    assess(candidate, services.judge, options.preserveNonfinite);
  const run = async (limit: number): Promise<Candidate> => {
    for (;;) {
      const candidate = await tryRun(model, passes, { denied, limit }, options, services);
      if (!(candidate instanceof ApplyFailure)) return candidate;
      deny(candidate.record, `it failed: ${candidate.message}`);
    }
  };

  for (;;) {
    options.onStage?.("rewrite");
    const candidate = await run(Number.POSITIVE_INFINITY);
    if (services.judge !== undefined) options.onStage?.("check");
    const { fault, check } = await judged(candidate);
    if (fault === undefined) {
      const { rewrites, refusals, rounds } = candidate.log;
      return { model: candidate.model, rewrites, refusals, rolledBack, rounds, check };
    }
    options.onStage?.("bisect");
    const { record, reason } = await findCulprit(candidate, fault, run, judged);
    deny(record, reason);
  }
}

interface Candidate {
  readonly model: Model;
  /** The model is of a newer opset than the original. */
  readonly isRaised: boolean;
  readonly log: PipelineLog;
}

async function tryRun(
  original: Model,
  passes: readonly Pass[],
  gate: Gate,
  options: RewriteOptions,
  services: RewriteServices,
): Promise<Candidate | ApplyFailure> {
  const model = cloneModel(original);
  if (options.opset !== undefined) raiseOpset(model, options.opset);
  if (options.freezeInitializers) {
    for (const input of model.graph.inputs) if (input.tensor !== undefined) model.graph.freezeInput(input);
  }
  const release = pinKept(model, options.keep ?? []);
  try {
    const log = await runPipeline(model, passes, {
      settings: settle(REWRITE, options),
      gate,
      evaluate: services.evaluate,
      pause: services.pause,
      verifyEach: options.verifyEach ?? false,
    });
    release();
    return { model, isRaised: options.opset !== undefined, log };
  } catch (error) {
    if (error instanceof ApplyFailure) return error;
    throw error;
  }
}

interface Assessment {
  /** Why a rewrite has to be undone; undefined: there is no reason. */
  readonly fault: string | undefined;
  /** undefined: nothing was run. */
  readonly check: CheckReport | undefined;
}

async function assess(
  candidate: Candidate,
  judge: Judge | undefined,
  preserveNonfinite = false,
): Promise<Assessment> {
  const { flaw, rewrites } = candidate.log;
  if (flaw !== undefined) return { fault: `it left an invalid graph: ${flaw}`, check: undefined };
  if (judge === undefined) return { fault: undefined, check: undefined };
  const numerics = weakestNumerics(rewrites);
  // A further run of both models takes a tenth of a command's time, and of a network's output NaN leaves little.
  const isClaimed = numerics === "exact" || preserveNonfinite;
  const mayChange = isClaimed ? unionOf(rewrites.map((record) => record.mayChange)) : SPECIAL_VALUES;
  // A newer version of an operator has another kernel, which may sum in another order.
  const check = candidate.isRaised
    ? await judge(candidate.model, numerics === "exact" ? "rounding" : numerics, SPECIAL_VALUES)
    : await judge(candidate.model, numerics, mayChange);
  return { fault: check.status === "differs" ? (check.reason ?? "the outputs differ") : undefined, check };
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
  fault: string,
  run: (limit: number) => Promise<Candidate>,
  judged: (candidate: Candidate) => Promise<Assessment>,
): Promise<{ record: RewriteRecord; reason: string }> {
  const { rewrites } = candidate.log;
  let passing = -1;
  let failing = rewrites.length;
  let reason = fault;
  while (failing - passing > 1) {
    // The run without rewrites comes first: if a model differs from itself, no rewrite is to blame.
    const middle = passing < 0 && failing === rewrites.length ? 0 : (passing + failing) >> 1;
    const found = await judged(await run(middle));
    if (found.fault === undefined) passing = middle;
    else {
      failing = middle;
      reason = found.fault;
    }
  }
  const record = rewrites[failing - 1];
  if (record === undefined) throw errors.modelDiffersFromItself(reason);
  return { record, reason };
}
