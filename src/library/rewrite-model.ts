import type { Numerics } from "../base/numerics.js";
import type { SpecialValue } from "../base/special-values.js";
import type { Model } from "../ir/model.js";
import { REWRITE } from "../options/optimize.js";
import type { OptionsOf } from "../options/spec.js";
import { assertValues } from "../options/validate.js";
import type { AddedConstants, Evaluate, Pass, RefusalRecord, RewriteRecord } from "../rewrite/pass.js";
import type { CheckReport } from "../runtime/check-report.js";
import { findCulprit, type Proven } from "./blame.js";
import type { CheckBudget } from "./check-budget.js";
import { selectPasses } from "./select-passes.js";
import { type Assessment, type Candidate, Trials, weakestNumerics } from "./trials.js";

/**
 * Compares a candidate with the original: how exact the rewrites are, and which special values they may change. `inputs` is 0
 * for the first inputs, 1 and 2 for others, which say whether a difference was chance; undefined where there are no such.
 */
export type Judge = (
  candidate: Model,
  numerics: Numerics,
  mayChange: readonly SpecialValue[],
  inputs: number,
) => Promise<CheckReport | undefined>;

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
  /** The report on a model that is as it was, which is then not judged. Without it, it is. */
  readonly unchanged?: CheckReport | undefined;
  /** The time that the judge may take; without it, any time. */
  readonly budget?: CheckBudget | undefined;
  /** Awaited now and then, so that what goes on beside the rewriting is served. */
  readonly pause?: (() => Promise<void>) | undefined;
}

/** A rewrite that was made, found to break the model, and undone. */
export interface RolledBack extends RewriteRecord {
  /** How it broke the model. */
  readonly reason: string;
}

/** Rewrites that were left out together, without being found wrong one by one. */
export interface LeftOut {
  /** How many rewrites less were made than could be. */
  readonly rewrites: number;
  /** Why they are not in the result, as a clause. */
  readonly reason: string;
}

/** The rewritten copy, and the account of its rewrites. */
export interface RewriteResult {
  readonly model: Model;
  readonly rewrites: readonly RewriteRecord[];
  readonly refusals: readonly RefusalRecord[];
  readonly rolledBack: readonly RolledBack[];
  /** Rewrites that were blamed for a difference on some inputs, of which other inputs knew nothing. They were kept. */
  readonly acquitted: readonly RolledBack[];
  /** Rewrites that could not be proven and are not made; undefined where all that are left are. */
  readonly leftOut: LeftOut | undefined;
  readonly rounds: number;
  /** The constants that passes added or made larger, by pass, the most bytes first. */
  readonly added: readonly AddedConstants[];
  /** undefined: there was no judge. */
  readonly check: CheckReport | undefined;
}

/** Sets of inputs that a difference is looked for on, so that no seed decides alone. */
const INPUTS = 3;

/**
 * Runs the passes on a copy of `model` and has the result judged. A rewrite that makes the outputs differ, breaks a rule
 * of ONNX, or fails, is found by bisection over the log, left out, and named in `rolledBack`; the rest is kept. Outputs have to
 * differ on other inputs too. Where time or patience ends first, what is proven and what is exact is kept (`leftOut`).
 * Throws NormfoldError "check" when not even that passes, "usage" for unknown pass names.
 */
export async function rewriteModel(
  model: Model,
  options: RewriteOptions = {},
  services: RewriteServices = {},
): Promise<RewriteResult> {
  assertValues(REWRITE, options);
  services.budget?.begin();
  const trials = new Trials(model, selectPasses(options.passes, options.skip), options, services);
  return new Proof(trials, options, services).result();
}

/** The way from a candidate to one that is proven. */
class Proof {
  readonly #trials: Trials;
  readonly #options: RewriteOptions;
  readonly #services: RewriteServices;
  readonly #acquitted: RolledBack[] = [];
  /** The inputs that judge. */
  #inputs = 0;

  constructor(trials: Trials, options: RewriteOptions, services: RewriteServices) {
    this.#trials = trials;
    this.#options = options;
    this.#services = services;
  }

  async result(): Promise<RewriteResult> {
    const { judge, budget, unchanged } = this.#services;
    for (;;) {
      this.#options.onStage?.("rewrite");
      const candidate = await this.#trials.run({ limit: Number.POSITIVE_INFINITY });
      if (unchanged !== undefined && this.#trials.isOriginal(candidate))
        return this.#given(candidate, unchanged);
      if (judge !== undefined) this.#options.onStage?.("check");
      budget?.start();
      const { fault, check } = await this.#assess(candidate);
      const leftOut =
        fault === undefined ? await this.#doubt(candidate, check) : await this.#undo(candidate, fault, check);
      if (leftOut === "try again") continue;
      return leftOut === undefined ? this.#given(candidate, check) : leftOut;
    }
  }

  /** A candidate without a fault: other inputs have their say where these contradicted some. */
  async #doubt(candidate: Candidate, check: CheckReport | undefined): Promise<Outcome> {
    if (this.#acquitted.length > 0 && (await this.#isFaulty(candidate, this.#next))) {
      this.#inputs = this.#next;
      return "try again";
    }
    const isUnjudged = check?.status === "unchecked" && check.sets.length > 0;
    if (!isUnjudged || weakestNumerics(candidate.log.rewrites) === "exact") return undefined;
    // What rounding alone does to the outputs, exact rewrites do not.
    return this.#exactOnly(candidate, check.reason ?? "the outputs cannot be judged");
  }

  /** A candidate with a fault: the rewrite that is to blame is undone, where other inputs blame it too. */
  async #undo(candidate: Candidate, fault: string, check: CheckReport | undefined): Promise<Outcome> {
    this.#options.onStage?.("bisect");
    const { budget } = this.#services;
    const isSpent = (): boolean => budget?.isSpent() === true;
    const found = await findCulprit(this.#trials, candidate, fault, this.#inputs, { isSpent });
    if (!("record" in found)) return this.#leaveOut(candidate, found.proven, spent(budget?.seconds ?? 0));
    const { record, reason, proven } = found;
    if (check !== undefined && !(await this.#isFaulty(found.candidate, this.#next))) {
      if (this.#acquitted.length === INPUTS) return this.#leaveOut(candidate, proven, CONTRADICTION);
      this.#acquitted.push({ ...record, reason });
      this.#inputs = this.#next;
    } else if (this.#trials.isHopeless) return this.#leaveOut(candidate, proven, HOPELESS);
    else this.#trials.deny(record, reason);
    return "try again";
  }

  get #next(): number {
    return (this.#inputs + 1) % INPUTS;
  }

  /** Whether the candidate fails on these inputs; true where there are no such, so that others have the last word. */
  async #isFaulty(candidate: Candidate, inputs: number): Promise<boolean> {
    const found = await this.#trials.assess(candidate, inputs);
    return found === undefined || found.fault !== undefined;
  }

  async #assess(candidate: Candidate): Promise<Assessment> {
    const found = await this.#trials.assess(candidate, this.#inputs);
    return found ?? { fault: undefined, check: undefined };
  }

  /** The rewrites that are proven and, behind them, those that are exact. */
  async #leaveOut(whole: Candidate, proven: Proven | undefined, reason: string): Promise<Outcome> {
    if (proven === undefined) return this.#exactOnly(whole, reason);
    const limit = Number.POSITIVE_INFINITY;
    const candidate = await this.#trials.run({ limit, proven: proven.candidate.log.rewrites.length });
    const { fault, check } = await this.#assess(candidate);
    return fault === undefined && check?.status === "equal"
      ? this.#given(candidate, check, { whole, reason })
      : this.#given(proven.candidate, proven.check, { whole, reason });
  }

  /** The exact rewrites; of those, the ones that prove not to be are undone. undefined where not even they can be judged. */
  async #exactOnly(whole: Candidate, reason: string): Promise<Outcome> {
    for (;;) {
      const candidate = await this.#trials.run({ limit: Number.POSITIVE_INFINITY, proven: 0 });
      const { fault, check } = await this.#assess(candidate);
      if (check?.status === "unchecked") return undefined;
      if (fault === undefined) return this.#given(candidate, check, { whole, reason });
      const found = await findCulprit(this.#trials, candidate, fault, this.#inputs, { proven: 0 });
      if (!("record" in found)) continue;
      const { record, proven } = found;
      if (this.#trials.isHopeless && proven !== undefined)
        return this.#given(proven.candidate, proven.check, { whole, reason });
      this.#trials.deny(record, found.reason);
    }
  }

  #given(
    { model, log }: Candidate,
    check: CheckReport | undefined,
    left?: { readonly whole: Candidate; readonly reason: string },
  ): RewriteResult {
    const { rewrites, refusals, rounds, added } = log;
    const missing = left === undefined ? 0 : left.whole.log.rewrites.length - rewrites.length;
    const leftOut =
      left === undefined || missing <= 0 ? undefined : { rewrites: missing, reason: left.reason };
    const { rolledBack } = this.#trials;
    const acquitted = this.#acquitted;
    return { model, rewrites, refusals, rolledBack, acquitted, leftOut, rounds, added, check };
  }
}

/** undefined: the candidate itself. */
type Outcome = RewriteResult | "try again" | undefined;

const CONTRADICTION =
  "the outputs differ on some inputs and not on others, and no single rewrite is to blame";
const HOPELESS = "too many were undone, and the outputs still differed";

function spent(seconds: number): string {
  return `the check's budget of ${Math.round(seconds)} s was spent before they were proven; --check-budget gives it more`;
}
