import { NormfoldError } from "../base/errors.js";
import { defined } from "../base/optional.js";
import type { BudgetReport } from "../budget/budget.js";
import { loadPlugins, type PluginSource } from "../config/plugins.js";
import type { Model } from "../ir/model.js";
import { adjustModel } from "../library/adjust.js";
import { externalFiles } from "../library/external-files.js";
import { loadData } from "../library/load.js";
import { type OptimizeOptions, type OptimizeReport, optimize } from "../library/optimize.js";
import { profile } from "../library/profile.js";
import { type FileSize, saveModel } from "../library/save.js";
import { skippedPasses, withOwnPasses } from "../library/select-passes.js";
import { isRuntimeFile, writeToStdout } from "../node/files.js";
import { setBusy, whileWaiting } from "../node/interrupt.js";
import { isSameFile, STANDARD } from "../node/paths.js";
import { LOAD } from "../options/common.js";
import {
  CHECK_INPUTS,
  COMPARISON,
  CUT,
  ISOLATION,
  OPTIMIZE_RUN,
  type OptimizeFileOptions,
  PROOF,
  REWRITE,
} from "../options/optimize.js";
import { pick, settle } from "../options/validate.js";
import type { ProfileReport } from "../profile/profile-report.js";
import { budgetOf, plannedBytes } from "./budget.js";
import { errors } from "./errors.js";
import {
  externalPaths,
  forModelAndFlags,
  type LoadedModel,
  loadInput,
  type StoredModel,
  sizeOf,
} from "./files.js";
import { assertProven } from "./proven.js";
import { type RecordedFiles, recordFiles } from "./record.js";
import type { Stages } from "./stages.js";

/** One file to optimize. */
export interface OptimizeFileJob {
  /** The model's file; "-" is standard input. */
  readonly input: string;
  /** Where the result goes, a place that was found to take it; "-" is standard output. */
  readonly output: string;
  readonly options: OptimizeFileOptions;
  /** Plugins, whose passes run behind normfold's. */
  readonly plugins?: readonly PluginSource[];
  /** Hash the files, for a document. Default false. */
  readonly isRecorded?: boolean;
}

/** One run of `normfold optimize`, as the terminal shows it. */
export interface OptimizeRun {
  readonly input: StoredModel;
  readonly output: StoredModel & { readonly files: readonly FileSize[] };
  /** Milliseconds by stage, in the order they began. */
  readonly time: Readonly<Record<string, number>>;
  /** The most memory that was taken, in bytes: by normfold's process and by that of onnxruntime, where it had one. */
  readonly memory?: { readonly normfold: number; readonly onnxruntime?: number };
  readonly report: OptimizeReport;
  /** The original and the result as `profile` finds them; with --time only. */
  readonly profile?: ProfileReport;
  /** Why there is no profile, although it was asked for. */
  readonly unmeasured?: string;
  /** The result is of an earlier run, of which this is the account; `time` is what it took to find it. */
  readonly cached?: true;
  /** Whether the result meets what was wanted of it. Where it does not, nothing was written: `output.files` is empty. */
  readonly budget?: BudgetReport;
}

/** What became of a job that was done. */
export interface OptimizedFile {
  readonly run: OptimizeRun;
  /** The files with their hashes; undefined where the job did not ask for them. */
  readonly files: RecordedFiles | undefined;
  /** Files beside the result that seem to be left from earlier runs; they were not touched. */
  readonly left: readonly string[];
  /** The external files of the model, as it names them: relative to its folder. */
  readonly data: readonly string[];
}

/**
 * Reads a model, optimizes it, proves the result and writes it. Prints nothing and sets no exit code, so that a command, a worker or
 * another program's step can run it. Throws NormfoldError with the file: "check" or "unsupported" where the result is not proven;
 * nothing is written then.
 */
export async function optimizeFile(job: OptimizeFileJob, stages: Stages): Promise<OptimizedFile> {
  const { input: path, output: target, options } = job;
  stages.enter("read", "reading");
  const input = await loadInput(path, pick(LOAD, options), target);
  assertSparesDataFile(job, input.model);
  const original = adjusted(input, options);
  const { model, report } = await optimizeModel(job, original, stages);
  if (report.check !== undefined) assertProven(report.check, input.file.path);
  // A budget decides about writing, and may be about time.
  const early =
    options.maxSlowdown === undefined ? {} : await measure(original.model, model, options, stages);
  const budget = budgetOf(model, target, { report, options, ratio: early.profile?.ratio });
  stages.enter("write", "writing");
  const before = job.isRecorded ? await recordFiles(input.file) : undefined;
  const isWritten = budget === undefined || budget.met || options.writeOverBudget === true;
  const { output, left } = isWritten
    ? await save(model, target, options)
    : { output: { path: target, bytes: plannedBytes(model, target, options), files: [] }, left: [] };
  const memory = await peakMemory(options);
  const isMeasured = !options.time || options.maxSlowdown !== undefined;
  const measured = isMeasured ? early : await measure(original.model, model, options, stages);
  const time = stages.finish();
  const run = { input: input.file, output, time, memory, report, ...measured, ...defined({ budget }) };
  const written = before !== undefined && isWritten ? await recordFiles(output) : undefined;
  const files = before === undefined ? undefined : { input: before, ...defined({ output: written }) };
  const data = externalFiles(input.model).map(({ location }) => location);
  return { run, files, left, data };
}

/** Original and result side by side. */
async function measure(
  original: Model,
  result: Model,
  options: OptimizeFileOptions,
  stages: Stages,
): Promise<Pick<OptimizeRun, "profile" | "unmeasured">> {
  stages.enter("measure", "measuring");
  const { checkInputs, inputShapes } = options;
  try {
    const data = checkInputs === undefined ? undefined : await loadData(original, checkInputs);
    const where = { isolation: "process", ...pick(ISOLATION, options) } as const;
    return {
      profile: await profile(original, { ...where, beside: result, ...defined({ inputShapes, data }) }),
    };
  } catch (error) {
    if (error instanceof NormfoldError && error.code !== "internal") return { unmeasured: error.describe() };
    throw error;
  }
}

/** A data file that the input reads stays as it is, unless the input itself is what is replaced. */
function assertSparesDataFile({ input, output, options }: OptimizeFileJob, model: Model): void {
  const { externalData, inPlace } = options;
  if (externalData === undefined || inPlace) return;
  const dataFile = `${output}.data`;
  if (externalPaths(input, model).some((file) => isSameFile(file, dataFile)))
    throw errors.dataFileIsInputs(dataFile);
}

async function peakMemory(options: OptimizeFileOptions): Promise<NonNullable<OptimizeRun["memory"]>> {
  const normfold = process.resourceUsage().maxRSS * 1024;
  // Whoever has no such process does not load the code for it.
  if (!settle(PROOF, options).check || options.isolation === "none") return { normfold };
  const { runtimePeak } = await import("../isolation/isolated-runtime.js");
  return { normfold, ...defined({ onnxruntime: await runtimePeak() }) };
}

/** The model that the user asked for, cut and with fixed sizes; the result is compared with it. */
function adjusted(input: LoadedModel, options: OptimizeFileOptions): LoadedModel {
  const model = adjustModel(input.model, { ...pick(CUT, options), ...pick(OPTIMIZE_RUN, options) });
  return model === input.model ? input : { ...input, model, isAdjusted: true };
}

async function optimizeModel(
  { input: path, options: given, plugins = [] }: OptimizeFileJob,
  { model, file, isAdjusted }: LoadedModel,
  stages: Stages,
): Promise<{ readonly model: Model; readonly report: OptimizeReport }> {
  const { check } = settle(PROOF, given);
  const { checkInputs } = pick(CHECK_INPUTS, given);
  const data = checkInputs === undefined ? undefined : await loadData(model, checkInputs);
  const isSameAsFile = !isAdjusted && !given.allowOutsideExternalData;
  const original =
    isSameAsFile && path !== STANDARD && isRuntimeFile(path) ? ({ kind: "path", path } as const) : undefined;
  const passes = withOwnPasses(given.passes, await loadPlugins(plugins));
  // The library loads onnxruntime and runs the original before it rewrites anything.
  if (check) stages.enter("check", "running the original");
  else stages.enter("rewrite", "rewriting");
  const options: OptimizeOptions = {
    ...pick(REWRITE, given),
    ...pick(PROOF, given),
    ...pick(COMPARISON, given),
    isolation: "process",
    ...pick(ISOLATION, given),
    skip: skippedPasses({ ...pick(REWRITE, given), ...pick(OPTIMIZE_RUN, given) }),
    onStage: (stage) => {
      // The original runs meanwhile, but nobody waits for it.
      setBusy(stage === "rewrite");
      stages.enter(...STAGES[stage]);
    },
    ...defined({ original, data, passes }),
  };
  try {
    return await forModelAndFlags(file.path, () => optimize(model, options));
  } finally {
    setBusy(false);
  }
}

const STAGES: Readonly<
  Record<"rewrite" | "evaluate" | "check" | "bisect" | "reference", readonly [stage: string, text: string]>
> = {
  rewrite: ["rewrite", "rewriting"],
  evaluate: ["rewrite", "computing constants in onnxruntime"],
  check: ["check", "comparing in onnxruntime"],
  bisect: ["check", "looking for the rewrite that changes the outputs"],
  reference: ["reference", "evaluating in float64"],
};

async function save(
  model: Model,
  target: string,
  { externalData }: OptimizeFileOptions,
): Promise<{ readonly output: OptimizeRun["output"]; readonly left: readonly string[] }> {
  if (target === STANDARD) {
    const file = { path: "standard output", ...(await whileWaiting(() => writeToStdout(model))) };
    return { output: { ...file, files: [{ path: file.path, bytes: file.bytes }] }, left: [] };
  }
  const { files, left } = await whileWaiting(() => saveModel(model, target, defined({ externalData })));
  // A result that keeps using the data files of its original is no smaller for it.
  const kept = externalData === undefined && files.length === 1 ? externalPaths(target, model) : [];
  const written = files.reduce((sum, file) => sum + file.bytes, 0);
  const dataFiles = [...files.slice(1).map((file) => file.path), ...kept];
  return { output: { path: target, bytes: written + sizeOf(kept), files, dataFiles }, left };
}
