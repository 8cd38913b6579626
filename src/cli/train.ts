import type { Command } from "commander";
import { defined } from "../base/optional.js";
import { type Model, type OptimizeReport, optimize } from "../index.js";
import { interruptible } from "../node/interrupt.js";
import { assertWritable } from "../node/paths.js";
import { LOAD, PRINTING, TARGET } from "../options/common.js";
import { DATA, DRAWING } from "../options/data.js";
import {
  COURSE,
  FROZEN,
  HYPERPARAMETERS,
  STEP,
  TRAIN_COMMAND,
  TRAIN_RUN,
  TRAINING_METHOD,
} from "../options/train.js";
import { pick, settle } from "../options/validate.js";
import { stepText, stoppedText, trainText } from "../report/train-text.js";
import {
  frozenParameters,
  type StepProgress,
  type Training,
  trainingMethodOf,
  trainWithFiles,
  withTrainingInfo,
} from "../train.js";
import { type Call, defineOptions, type Given } from "./define.js";
import { errors } from "./errors.js";
import { EXIT } from "./exit.js";
import { assertTarget, forModel, loadInput, removeTemporariesOnInterrupt, saveResult } from "./files.js";
import { openDataFor } from "./open-data.js";
import { styleFor, write, writeJson } from "./output.js";
import { createStages, type Stages } from "./progress.js";

export function defineTrain(command: Command): void {
  defineOptions(command, TRAIN_COMMAND, trainCommand);
}

async function trainCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { json, quiet = false } = pick(PRINTING, given);
  const { checkpoint, trainingInfo, fold } = pick(TRAIN_RUN, given);
  const target = assertTarget(path, pick(TARGET, given).outputFile, { json });
  for (const file of [checkpoint, trainingInfo]) if (file !== undefined) assertWritable(file);
  await removeTemporariesOnInterrupt();
  const stages = await createStages(!quiet);
  try {
    stages.enter("read", "reading");
    const input = await loadInput(path, pick(LOAD, given));
    const training = await forModel(input.file.path, () => runTraining(input.model, given, stages));
    if (training === undefined || training.course.interrupted) return await sayStopped(training, given);
    const step = trainingInfo === undefined ? undefined : await withStep(training.model, given);
    const folded = fold ? await foldProven(training.model, stages) : undefined;
    stages.enter("write", "writing");
    const output = await saveResult(folded?.model ?? training.model, target);
    if (step !== undefined && trainingInfo !== undefined) await saveResult(step, trainingInfo);
    const time = stages.finish();
    const { model: _, course, calibration: __, ...finished } = training;
    const { model: ___, ...said } = course;
    const run = { input: input.file, output, time, course: said, ...finished, folded: folded?.report };
    if (json) return await writeJson(run);
    if (quiet) return;
    await write(trainText(run, styleFor("stdout")));
  } finally {
    stages.finish();
  }
}

/** A run that was stopped writes no model: its state is in the checkpoint. */
async function sayStopped(training: Training | undefined, given: Given): Promise<void> {
  process.exitCode = EXIT.interrupted;
  if (pick(PRINTING, given).quiet) return;
  await write(stoppedText(training?.course.steps, pick(TRAIN_RUN, given).checkpoint), "stderr");
}

/** undefined: it was stopped after its last step, while statistics were taken. */
async function runTraining(model: Model, given: Given, stages: Stages): Promise<Training | undefined> {
  const { valid: validPath, validLabels, log, checkpoint, resume } = pick(TRAIN_RUN, given);
  const options = await trainOptions(model, given);
  const data = await openDataFor(model, pick(DATA, given).data ?? "", given);
  // Data to judge on is prepared like the data to train on, and has labels of its own.
  const validFlags = { ...given, labels: validLabels };
  const valid = validPath === undefined ? undefined : await openDataFor(model, validPath, validFlags);
  const onStep = await stepCounter(stages);
  stages.enter("train", "building the gradient graph");
  try {
    return await interruptible((signal) =>
      trainWithFiles(
        model,
        { ...options, data, signal, onStep, ...defined({ valid }) },
        defined({ log, checkpoint, resume }),
      ),
    );
  } finally {
    await data.close();
    await valid?.close();
  }
}

/** Shows each step, with the pace of this run: one that goes on does not start at step 1. */
async function stepCounter(stages: Stages): Promise<(progress: StepProgress) => void> {
  const started = performance.now();
  let first = 0;
  return (progress) => {
    first ||= progress.step;
    stages.enter("train", stepText(progress, progress.step - first + 1, performance.now() - started));
  };
}

type TrainingOptions = Omit<Parameters<typeof import("../train.js").train>[1], "data">;

async function trainOptions(model: Model, given: Given): Promise<TrainingOptions> {
  const { freeze, frozenStatistics } = pick(FROZEN, given);
  const { batchSize = 32, seed, threads } = pick(DRAWING, given);
  return {
    ...trainingMethodOf(pick(TRAINING_METHOD, given)),
    ...settle(STEP, given),
    ...pick(HYPERPARAMETERS, given),
    ...pick(COURSE, given),
    freeze: frozenParameters(model, freeze),
    batchStatistics: frozenStatistics ? "training" : "all",
    batchSize,
    ...defined({ seed, threads }),
  };
}

/** The trained model and a step like those that trained it. */
async function withStep(model: Model, given: Given): Promise<Model> {
  return withTrainingInfo(model, await trainOptions(model, given));
}

async function foldProven(
  model: Model,
  stages: Stages,
): Promise<{ readonly model: Model; readonly report: OptimizeReport }> {
  stages.enter("fold", "folding");
  const folded = await optimize(model);
  const { check } = folded.report;
  if (check?.status !== "equal") throw errors.foldedModelIsNotProven(check?.reason ?? "it was not compared");
  return folded;
}
