import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { defined } from "../base/optional.js";
import { type Model, print } from "../index.js";
import { forModelAndFlags, loadInput } from "../job/files.js";
import { recordFiles, secondsOf } from "../job/record.js";
import type { Stages } from "../job/stages.js";
import { digestFile } from "../node/digest.js";
import { guarded } from "../node/guarded.js";
import { interruptible } from "../node/interrupt.js";
import { assertWritable, STANDARD } from "../node/paths.js";
import { LOAD, PRINTING, TARGET } from "../options/common.js";
import { COMPARISON, PIPELINE, REWRITE } from "../options/optimize.js";
import { REDUCE_COMMAND, REDUCE_RUN } from "../options/reduce.js";
import { pick } from "../options/validate.js";
import { commandPredicate } from "../reduce/command.js";
import { type ReduceProgress, type ReduceReport, reduce } from "../reduce/reduce.js";
import { type Predicate, predicateOf } from "../reduce/symptoms.js";
import { reduceProgressText, reduceText } from "../report/reduce-text.js";
import { type Call, defineOptions, type Given } from "./define.js";
import { errors } from "./errors.js";
import { EXIT } from "./exit.js";
import { assertApart, assertTarget, removeTemporariesOnInterrupt } from "./files.js";
import { channelOf, styleFor, write, writeDocument } from "./output.js";
import { createStages } from "./progress.js";
import { saveResult } from "./save-result.js";
import { noteWritten } from "./written.js";

/** Elements of a tensor that are printed, so that an issue can hold the text; of fewer, all. */
const PRINTED = 4096;

export function defineReduce(command: Command): void {
  defineOptions(command, REDUCE_COMMAND, reduceCommand);
}

async function reduceCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { json, quiet = false } = pick(PRINTING, given);
  const target = assertTarget(path, pick(TARGET, given).outputFile, { json });
  const textFile = target === STANDARD ? undefined : `${target.replace(/\.onnx$/i, "")}.txt`;
  assertApart([target, textFile], [path]);
  if (textFile !== undefined) assertWritable(textFile);
  const predicate = predicateFor(given);
  await removeTemporariesOnInterrupt();
  const stages = await createStages(!quiet);
  try {
    stages.enter("read", "reading");
    const input = await loadInput(path, pick(LOAD, given), target);
    const { model, report } = await forModelAndFlags(input.file.path, () =>
      reduceModel(input.model, predicate, given, stages),
    );
    stages.enter("write", "writing");
    const output = await saveResult(model, target, quiet);
    if (textFile !== undefined) writeText(model, textFile);
    process.exitCode = EXIT_OF[report.status];
    const run = { input: input.file, output, text: textFile, time: stages.finish(), report };
    if (json) {
      const files = { input: await recordFiles(input.file), output: await recordFiles(output) };
      const text = textFile === undefined ? undefined : await digestFile(textFile);
      const secondsByStage = secondsOf(run.time);
      return await writeDocument("reduce", { ...files, text, secondsByStage, report });
    }
    if (quiet) return;
    const channel = channelOf(target);
    await write(reduceText(run, styleFor(channel)), channel);
  } finally {
    stages.finish();
  }
}

const EXIT_OF: Readonly<Record<ReduceReport["status"], number>> = {
  done: 0,
  unstable: EXIT.check,
  stopped: EXIT.interrupted,
};

function predicateFor(given: Given): Predicate {
  const { run, predicate, exitCode, match, timeout } = pick(REDUCE_RUN, given);
  if (run !== undefined) return commandPredicate({ run, ...defined({ exitCode, match, timeout }) });
  if (predicate === undefined) throw errors.nothingToLookFor();
  return predicateOf(predicate, {
    ...pick(PIPELINE, given),
    ...pick(REWRITE, given),
    ...seedOf(given),
    isolation: "process",
    ...defined({ timeout }),
  });
}

function seedOf(given: Given): { readonly seed?: number } {
  return defined({ seed: pick(COMPARISON, given).seed });
}

async function reduceModel(
  model: Model,
  { observe, ...predicate }: Predicate,
  given: Given,
  stages: Stages,
): Promise<{ readonly model: Model; readonly report: ReduceReport }> {
  const { timeout } = pick(REDUCE_RUN, given);
  const onProgress = (progress: ReduceProgress): void => stages.enter("reduce", reduceProgressText(progress));
  return await interruptible((signal) =>
    reduce(model, observe, {
      ...predicate,
      signal,
      onProgress,
      isolation: "process",
      ...seedOf(given),
      ...defined({ timeout }),
    }),
  );
}

/** The model as an issue can hold it. */
function writeText(model: Model, file: string): void {
  guarded(file, "write", () => writeFileSync(file, print(model, { maxElements: PRINTED })));
  noteWritten([file]);
}
