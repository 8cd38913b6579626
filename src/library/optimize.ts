import { type SpecialValue, unionOf } from "../base/special-values.js";
import type { Model } from "../ir/model.js";
import { COMPARISON, PROOF } from "../options/optimize.js";
import type { OptionsOf } from "../options/spec.js";
import { assertValues, settle } from "../options/validate.js";
import type { AccuracyReport } from "../reference/measure-models.js";
import type { AddedConstants, Evaluate, RefusalRecord, RewriteRecord } from "../rewrite/pass.js";
import { type Checker, createChecker } from "../runtime/check.js";
import type { CheckReport } from "../runtime/check-report.js";
import { type CheckerOptions, ready } from "../runtime/checker-options.js";
import { endedTheRuntime, isCrash } from "../runtime/errors.js";
import { evaluateConstants } from "../runtime/evaluate.js";
import type { FeedSet } from "../runtime/feeds.js";
import { probesOf, withProbes } from "../runtime/probes.js";
import type { Runtime, RuntimeModel } from "../runtime/runtime.js";
import { innerForm, runtimeForm } from "../staging/form.js";
import { type ComparisonOptions, checkerSettings } from "./check.js";
import { type CheckBudget, createBudget } from "./check-budget.js";
import { assertModel } from "./model-argument.js";
import { type LeftOut, type RewriteOptions, type RolledBack, rewriteModel } from "./rewrite-model.js";
import { lazyRuntime, pauseFor, stage, withStaged } from "./staging.js";
import { type ModelSummary, summarize } from "./summary.js";

/** The rewrites to make, and the proof of the result. */
export interface OptimizeOptions extends RewriteOptions, ComparisonOptions, OptionsOf<typeof PROOF> {
  /** The original for the runtime to open, where it is a file that holds just `model`; by default it is written anew. */
  readonly original?: RuntimeModel;
}

/** The whole account of one `optimize`, as plain data: the CLI prints it, and --json writes it. */
export interface OptimizeReport {
  /** The model that was given, in numbers. */
  readonly before: ModelSummary;
  /** The result, in numbers. */
  readonly after: ModelSummary;
  /** The rewrites, in the order in which they were made. */
  readonly rewrites: readonly RewriteRecord[];
  /** What the rewrites together may do to NaN, infinity, -0 and empty tensors; none: these come out as before. */
  readonly mayChange: readonly SpecialValue[];
  /** The places that were left alone at the end, and why. */
  readonly refusals: readonly RefusalRecord[];
  /** Rewrites that changed the outputs and were undone. */
  readonly rolledBack: readonly RolledBack[];
  /** Rewrites that were blamed for a difference on some inputs, of which other inputs knew nothing. They were kept. */
  readonly acquitted: readonly RolledBack[];
  /** Rewrites that could not be proven and are not made; undefined where all that are left are. */
  readonly leftOut: LeftOut | undefined;
  /** Rounds of the pipeline until nothing changed. */
  readonly rounds: number;
  /** The constants that passes added or made larger, by pass, the most bytes first: what makes a file grow. */
  readonly added: readonly AddedConstants[];
  /** undefined: no check was asked for. */
  readonly check: CheckReport | undefined;
  /** How far original and result are from the real function, where it was asked for. */
  readonly accuracy?: AccuracyReport;
}

/**
 * Optimizes a copy of the model and proves it: `report.check` says how the outputs compare in onnxruntime with its
 * own optimizations off. Rewrites that change them are undone and named in `report.rolledBack`. When the runtime
 * cannot run the original, `report.check.status` is "unchecked" and the caller decides.
 *
 * Throws NormfoldError "usage" for options that make no sense, "invalid" for data that does not fit the model, "check"
 * when no set of rewrites keeps the outputs, and "unsupported" where onnxruntime does not load or the model cannot be
 * raised to `opset`.
 */
export async function optimize(
  model: Model,
  options: OptimizeOptions = {},
): Promise<{ readonly model: Model; readonly report: OptimizeReport }> {
  assertModel(model);
  assertValues(PROOF, options);
  const runtime = lazyRuntime(model, options);
  const evaluate = evaluatorFor(runtime, options);
  const before = summarize(model);
  if (options.check === false) {
    const { model: result, ...log } = await rewriteModel(model, options, { evaluate });
    return { model: result, report: accountOf(before, result, log) };
  }
  // The input of a Softmax at the end is compared as well as its output, because a saturated one would hide a wrong rewrite.
  const probes = probesOf(model);
  const settings = checkerSettings(model, options, probes);
  const original =
    options.original === undefined || probes.length > 0 || runtimeForm(model) !== model
      ? await stage(withProbes(model, probes), options)
      : ready(options.original);
  const budget = createBudget(options.checkBudget);
  // In a process of its own the original runs while this one rewrites.
  const opening = runtime().then((loaded) => openChecks(original.model, settings(loaded), budget));
  // Whoever waits for it gets the failure.
  opening.catch(() => {});
  const close = async (): Promise<void> => {
    await opening.then(
      ({ first }) => first.close(),
      () => {},
    );
    await original.dispose();
  };
  let isNeeded = true;
  try {
    const { model: result, ...log } = await rewriteModel(model, options, {
      evaluate,
      budget,
      pause: await pauseFor(options),
      unchanged: options.data === undefined && !options.reference ? unchanged(options) : undefined,
      judge: async (candidate, numerics, mayChange, inputs) => {
        const checker = await (await opening).on(inputs);
        if (checker === undefined) return undefined;
        return withStaged(withProbes(candidate, probes), options, (staged) =>
          checker.compare(staged, numerics, mayChange, candidate),
        );
      },
    });
    const report = accountOf(before, result, log);
    isNeeded = log.check?.isUnchanged !== true;
    if (!options.reference) return { model: result, report };
    const { first } = await opening;
    if (first.unchecked !== undefined) return { model: result, report };
    options.onStage?.("reference");
    const accuracy = await withStaged(result, options, (staged) => {
      return measureFiles(model, { original: original.model, result: staged }, first.sets, runtime);
    });
    return { model: result, report: { ...report, accuracy } };
  } finally {
    // Nobody waits for a runtime that was not needed, unless a file is to be removed behind it.
    const closing = close();
    if (isNeeded || isTemporary(original.model, options)) await closing;
  }
}

/** The checkers on the inputs that judge: the seed's, and those of others where a difference may be chance. */
interface Checks {
  readonly first: Checker;
  on(inputs: number): Promise<Checker | undefined>;
}

/** The distance of the seeds of two sets of inputs, so that neighbouring seeds share none. */
const SEED_STRIDE = 1_000_003;

async function openChecks(
  original: RuntimeModel,
  settings: CheckerOptions,
  budget: CheckBudget,
): Promise<Checks> {
  const first = await createChecker(original, { ...settings, isSpent: () => budget.isSpent() });
  const others = new Map<number, Promise<Checker | undefined>>();
  return {
    first,
    on: (inputs) => {
      if (inputs === 0) return Promise.resolve(first);
      const other = others.get(inputs) ?? first.another(settings.seed + inputs * SEED_STRIDE);
      others.set(inputs, other);
      return other;
    },
  };
}

/** The report on a model in which nothing was rewritten. */
function unchanged(options: OptimizeOptions): CheckReport {
  const { seed } = settle(COMPARISON, options);
  return {
    status: "equal",
    reason: undefined,
    numerics: "exact",
    isUnchanged: true,
    seed,
    runtime: "",
    uncompared: [],
    special: undefined,
    tamed: [],
    sets: [],
  };
}

function isTemporary(staged: RuntimeModel, { original }: OptimizeOptions): boolean {
  return staged.kind === "path" && staged !== original;
}

function accountOf(
  before: ModelSummary,
  result: Model,
  log: Omit<OptimizeReport, "before" | "after" | "mayChange">,
): OptimizeReport {
  const mayChange = unionOf(log.rewrites.map((record) => record.mayChange));
  return { before, after: summarize(result), mayChange, ...log };
}

/** Crashes in which constants that crash the runtime may be told from others, which takes a new process each time. */
const MAX_CRASHES = 16;

/**
 * Computes constants. One that passed a limit of time or memory was the last: to look for it among others would pass the limit
 * again and again.
 */
function evaluatorFor(runtime: () => Promise<Runtime>, { onStage }: OptimizeOptions): Evaluate {
  let crashes = 0;
  let end: unknown;
  return async (constants) => {
    if (end !== undefined) throw end;
    const names = constants.graph.outputs.map((value) => value.name);
    onStage?.("evaluate");
    try {
      const tensors = await evaluateConstants(await runtime(), innerForm(constants), names);
      return names.flatMap((name) => tensors.get(name) ?? []);
    } catch (error) {
      if (endedTheRuntime(error)) crashes += isCrash(error) ? 1 : MAX_CRASHES;
      if (crashes >= MAX_CRASHES) end = error;
      throw error;
    } finally {
      onStage?.("rewrite");
    }
  };
}

/** The evaluator is loaded only where it is asked for. */
async function measureFiles(
  model: Model,
  files: { readonly original: RuntimeModel; readonly result: RuntimeModel },
  sets: readonly FeedSet[],
  runtime: () => Promise<Runtime>,
): Promise<AccuracyReport> {
  const { measureModels } = await import("../reference/measure-models.js");
  return measureModels(model, files, sets, await runtime());
}
