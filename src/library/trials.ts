import type { Numerics } from "../base/numerics.js";
import { SPECIAL_VALUES, unionOf } from "../base/special-values.js";
import { cloneModel } from "../ir/clone.js";
import type { Model } from "../ir/model.js";
import { raiseOpset } from "../opset/raise.js";
import { REWRITE } from "../options/optimize.js";
import { settle } from "../options/validate.js";
import type { Pass, RewriteRecord } from "../rewrite/pass.js";
import { type PipelineLog, runPipeline } from "../rewrite/pipeline.js";
import { ApplyFailure, type Gate, rewriteIdentity } from "../rewrite/session.js";
import type { CheckReport } from "../runtime/check-report.js";
import { errors } from "./errors.js";
import { pinKept } from "./keep.js";
import type { RewriteOptions, RewriteServices, RolledBack } from "./rewrite-model.js";

/** The model that a run of the pipeline made, and its log. */
export interface Candidate {
  readonly model: Model;
  /** The model is of a newer opset than the original. */
  readonly isRaised: boolean;
  readonly log: PipelineLog;
}

/** What the judge says of a candidate. */
export interface Assessment {
  /** Why a rewrite has to be undone; undefined: there is no reason. */
  readonly fault: string | undefined;
  /** undefined: nothing was run. */
  readonly check: CheckReport | undefined;
}

/** Rewrites that may be undone before the others are left out, because the cause is then hardly a single rewrite. */
const MAX_ROLLBACKS = 16;

/** Runs of the pipeline on copies of a model, each without the rewrites that were found to break it. */
export class Trials {
  readonly rolledBack: RolledBack[] = [];
  readonly #denied = new Set<string>();
  readonly #original: Model;
  readonly #passes: readonly Pass[];
  readonly #options: RewriteOptions;
  readonly #services: RewriteServices;

  constructor(original: Model, passes: readonly Pass[], options: RewriteOptions, services: RewriteServices) {
    this.#original = original;
    this.#passes = passes;
    this.#options = options;
    this.#services = services;
  }

  /** True when so many rewrites were undone that there is no use in going on. */
  get isHopeless(): boolean {
    return this.rolledBack.length >= MAX_ROLLBACKS;
  }

  /** Whether a candidate is the original, without any change. */
  isOriginal({ log, isRaised }: Candidate): boolean {
    const isUntouched = log.rewrites.length === 0 && this.rolledBack.length === 0;
    return isUntouched && !isRaised && this.#options.freezeInitializers !== true;
  }

  /** Leaves a rewrite out of all runs from now on. Throws "check" where too many are. */
  deny(record: RewriteRecord, reason: string): void {
    if (this.isHopeless) throw errors.tooManyRollbacks(MAX_ROLLBACKS, reason);
    this.#denied.add(rewriteIdentity(record));
    this.rolledBack.push({ ...record, reason });
  }

  /** Runs the pipeline up to a number of rewrites, or with exact ones only from a number on. */
  async run(gate: Omit<Gate, "denied">): Promise<Candidate> {
    for (;;) {
      const candidate = await this.#try({ ...gate, denied: this.#denied });
      if (!(candidate instanceof ApplyFailure)) return candidate;
      this.deny(candidate.record, `it failed: ${candidate.message}`);
    }
  }

  async #try(gate: Gate): Promise<Candidate | ApplyFailure> {
    const { opset, freezeInitializers, keep = [], verifyEach = false } = this.#options;
    const { evaluate, pause } = this.#services;
    const model = cloneModel(this.#original);
    if (opset !== undefined) raiseOpset(model, opset);
    if (freezeInitializers) {
      for (const input of model.graph.inputs) if (input.tensor !== undefined) model.graph.freezeInput(input);
    }
    const release = pinKept(model, keep);
    try {
      const settings = settle(REWRITE, this.#options);
      const log = await runPipeline(model, this.#passes, { settings, gate, evaluate, pause, verifyEach });
      release();
      return { model, isRaised: opset !== undefined, log };
    } catch (error) {
      if (error instanceof ApplyFailure) return error;
      throw error;
    }
  }

  /** Judges a candidate on inputs of a number, 0 the first; undefined where there are no such inputs. */
  async assess({ log, model, isRaised }: Candidate, inputs: number): Promise<Assessment | undefined> {
    const { flaw, rewrites } = log;
    const { judge } = this.#services;
    if (flaw !== undefined) return { fault: `it left an invalid graph: ${flaw}`, check: undefined };
    if (judge === undefined) return { fault: undefined, check: undefined };
    const numerics = weakestNumerics(rewrites);
    // A further run of both models takes a tenth of a command's time, and of a network's output NaN leaves little.
    const isClaimed = numerics === "exact" || this.#options.preserveNonfinite;
    const mayChange = isClaimed ? unionOf(rewrites.map((record) => record.mayChange)) : SPECIAL_VALUES;
    // A newer version of an operator has another kernel, which may sum in another order.
    const check = isRaised
      ? await judge(model, numerics === "exact" ? "rounding" : numerics, SPECIAL_VALUES, inputs)
      : await judge(model, numerics, mayChange, inputs);
    if (check === undefined) return undefined;
    return { fault: check.status === "differs" ? (check.reason ?? "the outputs differ") : undefined, check };
  }
}

const WEAKER: readonly Numerics[] = ["exact", "rounding", "approximate"];

/** How the outputs of a model with these rewrites are judged. */
export function weakestNumerics(rewrites: readonly RewriteRecord[]): Numerics {
  const rank = rewrites.reduce((worst, { numerics }) => Math.max(worst, WEAKER.indexOf(numerics)), 0);
  return WEAKER[rank] ?? "approximate";
}
