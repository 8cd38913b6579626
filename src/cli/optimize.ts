import type { Command } from "commander";
import { defined } from "../base/optional.js";
import {
  type FileSize,
  loadData,
  type Model,
  type OptimizeOptions,
  type OptimizeReport,
  optimize,
} from "../index.js";
import { adjustModel } from "../library/adjust.js";
import { selectPasses, skippedPasses } from "../library/select-passes.js";
import { isRuntimeFile } from "../node/files.js";
import { setBusy } from "../node/interrupt.js";
import { isSameFile } from "../node/paths.js";
import { LOAD, PRINTING, TARGET } from "../options/common.js";
import {
  CHECK_INPUTS,
  COMPARISON,
  CUT,
  ISOLATION,
  OPTIMIZE_COMMAND,
  OPTIMIZE_RUN,
  PIPELINE,
  PROOF,
  REWRITE,
} from "../options/optimize.js";
import { pick, settle } from "../options/validate.js";
import { type OptimizeRun, optimizeText } from "../report/optimize-text.js";
import { type Call, defineOptions, type Given } from "./define.js";
import { errors } from "./errors.js";
import {
  assertApart,
  assertTarget,
  externalBytes,
  externalPaths,
  forModelAndFlags,
  type LoadedModel,
  loadInput,
  removeTemporariesOnInterrupt,
  STANDARD,
  saveToFile,
  saveToStandardOutput,
} from "./files.js";
import { channelOf, styleFor, write, writeJson } from "./output.js";
import { createStages, type Stages } from "./progress.js";
import { assertProven } from "./proven.js";

export function defineOptimize(command: Command): void {
  defineOptions(command, OPTIMIZE_COMMAND, optimizeCommand);
}

async function optimizeCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { json, quiet = false } = pick(PRINTING, given);
  const target = targetOf(path, given);
  await assertPasses(given);
  await removeTemporariesOnInterrupt();
  const stages = await createStages(!quiet);
  try {
    const run = await optimizeFile(path, target, given, stages);
    if (json) return await writeJson(run);
    if (quiet) return;
    const channel = channelOf(target);
    const { explain = false } = pick(OPTIMIZE_RUN, given);
    await write(optimizeText(run, { style: styleFor(channel), explain }), channel);
  } finally {
    stages.finish();
  }
}

async function optimizeFile(
  path: string,
  target: string,
  given: Given,
  stages: Stages,
): Promise<OptimizeRun> {
  stages.enter("read", "reading");
  const input = await loadInput(path, pick(LOAD, given), target);
  assertSparesDataFile(path, input.model, target, given);
  const { model, report } = await optimizeModel(path, adjusted(input, given), given, stages);
  if (report.check !== undefined) assertProven(report.check, input.file.path);
  stages.enter("write", "writing");
  const output = await save(model, target, given);
  const memory = await peakMemory(given);
  return { input: input.file, output, time: stages.finish(), memory, report };
}

/** A data file that the input reads stays as it is, unless the input itself is what is replaced. */
function assertSparesDataFile(path: string, model: Model, target: string, given: Given): void {
  const { externalData, inPlace } = pick(OPTIMIZE_RUN, given);
  if (externalData === undefined || inPlace) return;
  const dataFile = `${target}.data`;
  if (externalPaths(path, model).some((file) => isSameFile(file, dataFile)))
    throw errors.dataFileIsInputs(dataFile);
}

async function peakMemory(given: Given): Promise<NonNullable<OptimizeRun["memory"]>> {
  const normfold = process.resourceUsage().maxRSS * 1024;
  // Whoever has no such process does not load the code for it.
  if (!settle(PROOF, given).check || pick(ISOLATION, given).isolation === "none") return { normfold };
  const { runtimePeak } = await import("../isolation/isolated-runtime.js");
  return { normfold, ...defined({ onnxruntime: await runtimePeak() }) };
}

/** The model that the user asked for, cut and with fixed sizes; the result is compared with it. */
function adjusted(input: LoadedModel, given: Given): LoadedModel {
  const model = adjustModel(input.model, { ...pick(CUT, given), ...pick(OPTIMIZE_RUN, given) });
  return model === input.model ? input : { ...input, model, isAdjusted: true };
}

async function optimizeModel(
  path: string,
  { model, file, isAdjusted }: LoadedModel,
  given: Given,
  stages: Stages,
): Promise<{ readonly model: Model; readonly report: OptimizeReport }> {
  const { check } = settle(PROOF, given);
  const { checkInputs } = pick(CHECK_INPUTS, given);
  const data = checkInputs === undefined ? undefined : await loadData(model, checkInputs);
  const isSameAsFile = !isAdjusted && !pick(LOAD, given).allowOutsideExternalData;
  const original =
    isSameAsFile && path !== STANDARD && isRuntimeFile(path) ? ({ kind: "path", path } as const) : undefined;
  // The library loads onnxruntime and runs the original before it rewrites anything.
  if (check) stages.enter("check", "running the original");
  else stages.enter("rewrite", "rewriting");
  const options: OptimizeOptions = {
    ...pick(PIPELINE, given),
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
    ...defined({ original, data }),
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

async function save(model: Model, target: string, given: Given): Promise<OptimizeRun["output"]> {
  if (target === STANDARD) {
    const file = await saveToStandardOutput(model);
    return { ...file, files: [file] };
  }
  const { externalData } = pick(OPTIMIZE_RUN, given);
  const { quiet = false } = pick(PRINTING, given);
  const files = await saveToFile(model, target, { quiet, ...defined({ externalData }) });
  const written = files.reduce((sum: number, file: FileSize) => sum + file.bytes, 0);
  // A result that keeps using the data files of its original is no smaller for it.
  const kept = externalData === undefined && files.length === 1 ? externalBytes(target, model) : 0;
  return { path: target, bytes: written + kept, files };
}

/** The file to write to, or "-". Throws "usage" where the flags do not say, and "io" where it cannot be written. */
function targetOf(input: string, given: Given): string {
  const { outputFile } = pick(TARGET, given);
  const { inPlace, externalData } = pick(OPTIMIZE_RUN, given);
  if (outputFile !== undefined && inPlace) throw errors.targetIsGivenTwice();
  if (inPlace && input === STANDARD) throw errors.standardInputIsNoOutput();
  const json = pick(PRINTING, given).json ?? false;
  const target = assertTarget(input, inPlace ? input : outputFile, {
    json,
    flags: "--output <file> or --in-place",
    mayBeInput: inPlace ?? false,
    wayOut: "give --in-place to write over it",
  });
  assertApart([target], [pick(CHECK_INPUTS, given).checkInputs]);
  if (target === STANDARD && externalData !== undefined) throw errors.standardOutputHasNoDataFile();
  return target;
}

/** Finds an unknown pass before the model is read. */
async function assertPasses(given: Given): Promise<void> {
  const { passes } = pick(PIPELINE, given);
  const { skip } = pick(REWRITE, given);
  if (passes === undefined && skip === undefined) return;
  selectPasses(passes, skip);
}
