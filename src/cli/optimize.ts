import type { Command } from "commander";
import { NormfoldError } from "../base/errors.js";
import { nearest } from "../base/nearest.js";
import type { FileSize, Model, OptimizeReport } from "../index.js";
import type { OptimizeRun } from "../report/optimize-text.js";
import { EXIT_HELP } from "./exit.js";
import {
  assertWritable,
  canReadAgain,
  externalBytes,
  externalPaths,
  isSameFile,
  type LoadedModel,
  loadInput,
  removeTemporariesOnInterrupt,
  STANDARD,
} from "./files.js";
import { type Channel, flush, styleFor, write, writeJson } from "./output.js";
import { createStages, type Stages } from "./progress.js";
import { assertProven } from "./proven.js";
import { collectNames, collectShapes, parseBytes, parseOpset, parseSeed, type Shapes } from "./values.js";

interface OptimizeFlags {
  readonly output?: string;
  readonly inPlace?: true;
  readonly pass?: readonly string[];
  readonly skip?: readonly string[];
  readonly check: boolean;
  readonly checkInputs?: string;
  readonly inputShape?: Shapes;
  readonly reference?: true;
  readonly seed: number;
  readonly growthLimit?: number;
  readonly freezeInitializers?: true;
  readonly keep?: readonly string[];
  readonly opset?: number;
  readonly inlineFunctions?: true;
  readonly constantFolding: boolean;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly overwriteInputShape?: Shapes;
  readonly externalData?: true | number;
  readonly allowOutside?: true;
  readonly explain?: true;
  readonly json?: true;
  readonly quiet?: true;
}

export function addOptimize(program: Command): void {
  program
    .command("optimize")
    .summary("fold BatchNormalization, simplify, prove, write")
    .description(
      "Folds BatchNormalization into its neighbours and simplifies the model, compares the result with the " +
        "original in onnxruntime, undoes what changes the outputs, and writes the rest.",
    )
    .argument("<model>", 'the ONNX file; "-" reads standard input')
    .option("-o, --output <file>", 'where to write; "-" writes to standard output')
    .option("--in-place", "write over the input")
    .option("--pass <names>", "run only these passes, in this order (repeatable, or a,b)", collectNames)
    .option("--skip <names>", "leave out these passes (repeatable, or a,b)", collectNames)
    .option("--no-check", "do not compare in onnxruntime before writing")
    .option("--check-inputs <data>", "compare on this data: .npz, .npy, .pb or a test_data_set folder")
    .option(
      "--input-shape <name:sizes>",
      "sizes of a generated input, x:1,3,224,224 (repeatable)",
      collectShapes,
    )
    .option("--reference", "say how far original and result are from a float64 evaluation")
    .option("--seed <n>", "seed of the generated inputs", parseSeed, 0)
    .option(
      "--growth-limit <bytes>",
      "how much computed constants may make the model grow in all (default: 128MiB)",
      parseBytes,
    )
    .option(
      "--freeze-initializers",
      "make constants of inputs that have a default value; they are inputs no longer",
    )
    .option("--no-constant-folding", "do not compute what is constant; the same as --skip fold-constants")
    .option("--keep <names>", "values and nodes that stay as they are (repeatable, or a,b)", collectNames)
    .option(
      "--overwrite-input-shape <name:sizes>",
      "fix the sizes of an input in the model, x:1,3,224,224 (repeatable)",
      collectShapes,
    )
    .option(
      "--inputs <names>",
      "cut the model: these values become its inputs (repeatable, or a,b)",
      collectNames,
    )
    .option(
      "--outputs <names>",
      "cut the model: these values become its outputs (repeatable, or a,b)",
      collectNames,
    )
    .option("--opset <n>", "raise the model to this version of the operator set first", parseOpset)
    .option("--inline-functions", "replace calls of the model's own functions by their bodies")
    .option("--external-data [bytes]", "tensors of at least this size (1024) go to a file beside", parseBytes)
    .option("--allow-outside", "read external data outside the model's folder")
    .option("--explain", "list every rewrite, and every place left alone with the reason")
    .option("--json", "print one JSON document and nothing else on stdout")
    .option("-q, --quiet", "print nothing but errors")
    .addHelpText(
      "after",
      `
Examples:
  normfold optimize model.onnx -o small.onnx
  normfold optimize model.onnx --in-place --check-inputs samples.npz
  cat model.onnx | normfold optimize - -o - > small.onnx
${EXIT_HELP}`,
    )
    .action(optimizeCommand);
}

async function optimizeCommand(path: string, flags: OptimizeFlags): Promise<void> {
  const target = targetOf(path, flags);
  await assertPasses(flags);
  await removeTemporariesOnInterrupt();
  const stages = await createStages(flags.quiet !== true);
  try {
    const run = await optimizeFile(path, target, flags, stages);
    if (flags.json) return await writeJson(run);
    if (flags.quiet) return;
    // stdout is taken when it carries the model.
    const channel: Channel = target === STANDARD ? "stderr" : "stdout";
    const { optimizeText } = await import("../report/optimize-text.js");
    await write(optimizeText(run, { style: styleFor(channel), explain: flags.explain ?? false }), channel);
  } finally {
    stages.finish();
  }
}

async function optimizeFile(
  path: string,
  target: string,
  flags: OptimizeFlags,
  stages: Stages,
): Promise<OptimizeRun> {
  stages.enter("read", "reading");
  const input = await loadInput(path, { allowOutsideExternalData: flags.allowOutside ?? false });
  if (externalPaths(path, input.model).some((file) => isSameFile(file, target))) {
    throw usage(`"${target}" holds data of the input; choose another file`);
  }
  const { model, report } = await optimizeModel(path, await adjusted(input, flags), flags, stages);
  if (report.check !== undefined) assertProven(report.check, input.file.path);
  stages.enter("write", "writing");
  const output = await save(model, target, flags);
  return { input: input.file, output, time: stages.finish(), report };
}

/** The model that the user asked for, cut and with fixed sizes: what it computes is the measure for the result. */
async function adjusted(
  input: LoadedModel,
  { inputs, outputs, overwriteInputShape }: OptimizeFlags,
): Promise<LoadedModel> {
  const { extractSubmodel, fixInputShapes } = await import("../index.js");
  let { model } = input;
  if (inputs !== undefined || outputs !== undefined) {
    model = extractSubmodel(model, {
      ...(inputs === undefined ? {} : { inputs }),
      ...(outputs === undefined ? {} : { outputs }),
    });
  }
  if (overwriteInputShape !== undefined) model = fixInputShapes(model, overwriteInputShape);
  return model === input.model ? input : { ...input, model, isAdjusted: true };
}

async function optimizeModel(
  path: string,
  { model, file, isAdjusted }: LoadedModel,
  flags: OptimizeFlags,
  stages: Stages,
): Promise<{ readonly model: Model; readonly report: OptimizeReport }> {
  const { loadData, optimize } = await import("../index.js");
  const { pass, check, checkInputs, inputShape, seed, growthLimit, keep, opset } = flags;
  const skip = [...(flags.skip ?? []), ...(flags.constantFolding ? [] : ["fold-constants"])];
  const data = checkInputs === undefined ? undefined : await loadData(model, checkInputs);
  // The library loads onnxruntime and runs the original before it rewrites anything.
  if (check) stages.enter("check", "running the original");
  else stages.enter("rewrite", "rewriting");
  try {
    return await optimize(model, {
      check,
      seed,
      reference: flags.reference ?? false,
      freezeInitializers: flags.freezeInitializers ?? false,
      onStage: (stage) => {
        if (stage === "rewrite") stages.enter("rewrite", "rewriting");
        else if (stage === "check") stages.enter("check", "comparing in onnxruntime");
        else if (stage === "bisect")
          stages.enter("check", "looking for the rewrite that changes the outputs");
        else stages.enter("reference", "evaluating in float64");
      },
      inlineFunctions: flags.inlineFunctions ?? false,
      skip,
      ...(isAdjusted || flags.allowOutside || !canReadAgain(path)
        ? {}
        : { original: { kind: "path", path } }),
      ...(pass === undefined ? {} : { passes: pass }),
      ...(keep === undefined ? {} : { keep }),
      ...(opset === undefined ? {} : { opset }),
      ...(data === undefined ? {} : { data }),
      ...(inputShape === undefined ? {} : { inputShapes: inputShape }),
      ...(growthLimit === undefined ? {} : { growthLimit }),
    });
  } catch (error) {
    throw error instanceof NormfoldError && error.code !== "usage" ? error.at({ file: file.path }) : error;
  }
}

async function save(
  model: Model,
  target: string,
  { externalData }: OptimizeFlags,
): Promise<OptimizeRun["output"]> {
  if (target === STANDARD) {
    const { writeToStdout } = await import("../node/files.js");
    const { bytes } = await writeToStdout(model);
    await flush();
    const file: FileSize = { path: "standard output", bytes };
    return { ...file, files: [file] };
  }
  const { saveModel } = await import("../index.js");
  const threshold = typeof externalData === "number" ? { threshold: externalData } : externalData;
  const { files } = await saveModel(
    model,
    target,
    threshold === undefined ? {} : { externalData: threshold },
  );
  const written = files.reduce((sum, file) => sum + file.bytes, 0);
  // A result that keeps using the data files of its original is no smaller for it.
  const kept = externalData === undefined && files.length === 1 ? externalBytes(target, model) : 0;
  return { path: target, bytes: written + kept, files };
}

/** The file to write to, or "-". Throws "usage" where the flags do not say, and "io" where it cannot be written. */
function targetOf(input: string, { output, inPlace, json, externalData }: OptimizeFlags): string {
  if (output !== undefined && inPlace) throw usage("both --output and --in-place were given; give one");
  if (inPlace) {
    if (input === STANDARD) throw usage("standard input cannot be written over; give --output");
    assertWritable(input);
    return input;
  }
  if (output === undefined) throw usage("there is no place to write to; give --output <file> or --in-place");
  if (output === STANDARD) {
    if (json)
      throw usage("the model and the JSON cannot both go to standard output; give a file to --output");
    if (externalData) throw usage("standard output has no file beside it; leave out --external-data");
    if (process.stdout.isTTY) throw usage("a model is binary and standard output a terminal; redirect it");
    return output;
  }
  if (input !== STANDARD && isSameFile(input, output)) {
    throw usage(`"${output}" is the input; give --in-place to write over it`);
  }
  assertWritable(output);
  return output;
}

async function assertPasses({ pass = [], skip = [] }: OptimizeFlags): Promise<void> {
  if (pass.length + skip.length === 0) return;
  const { PASSES } = await import("../index.js");
  const names = PASSES.map(({ name }) => name);
  const unknown = [...pass, ...skip].find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const near = nearest(unknown, names);
  const hint = near === undefined ? '"normfold passes" lists them' : `did you mean "${near}"?`;
  throw usage(`there is no pass "${unknown}"; ${hint}`);
}

function usage(message: string): NormfoldError {
  return new NormfoldError("usage", message);
}
