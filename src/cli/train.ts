import type { Command } from "commander";
import { defined } from "../base/optional.js";
import type { Model } from "../index.js";
import { forModelAndFlags, loadInput } from "../job/files.js";
import { recordFiles, secondsOf } from "../job/record.js";
import type { Stages } from "../job/stages.js";
import { optimizeProven } from "../library/optimize-proven.js";
import { assertNamesOnnx } from "../node/extensions.js";
import { interruptible } from "../node/interrupt.js";
import { assertWritable } from "../node/paths.js";
import { LOAD, PRINTING, TARGET } from "../options/common.js";
import { DATA, DRAWING, PREPARATION } from "../options/data.js";
import {
  COURSE,
  HYPERPARAMETERS,
  PARAMETERS,
  STEP,
  TRAIN_COMMAND,
  TRAIN_RUN,
  TRAINING_METHOD,
} from "../options/train.js";
import { pick } from "../options/validate.js";
import { constantsText } from "../report/constants-text.js";
import { stepText, stoppedText, trainText } from "../report/train-text.js";
import {
  constantsNamed,
  listConstants,
  type StepProgress,
  type Training,
  type TrainingSettings,
  trainingSettingsOf,
  trainWithFiles,
  withTrainingInfo,
} from "../train.js";
import { type Call, defineOptions, type Given } from "./define.js";
import { EXIT } from "./exit.js";
import { assertApart, assertTarget, removeTemporariesOnInterrupt } from "./files.js";
import { openDataFor } from "./open-data.js";
import { styleFor, write, writeDocument } from "./output.js";
import { createStages } from "./progress.js";
import { saveResult } from "./save-result.js";

export function defineTrain(command: Command): void {
  defineOptions(command, TRAIN_COMMAND, trainCommand);
}

async function trainCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { json, quiet = false } = pick(PRINTING, given);
  if (pick(TRAIN_RUN, given).list) return await listCommand(path, given);
  const { checkpoint, trainingInfo, fold, log, valid, validLabels } = pick(TRAIN_RUN, given);
  const target = assertTarget(path, pick(TARGET, given).outputFile, { json });
  if (trainingInfo !== undefined) assertNamesOnnx(trainingInfo);
  for (const file of [checkpoint, trainingInfo]) if (file !== undefined) assertWritable(file);
  const { data, labels } = { ...pick(DATA, given), ...pick(PREPARATION, given) };
  const outputs = [target, trainingInfo, checkpoint, log];
  assertApart(outputs, [path, data, labels, valid, validLabels]);
  await removeTemporariesOnInterrupt();
  const stages = await createStages(!quiet);
  try {
    stages.enter("read", "reading");
    const input = await loadInput(path, pick(LOAD, given), target);
    const training = await forModelAndFlags(input.file.path, () => runTraining(input.model, given, stages));
    if (training === undefined || training.course.interrupted) return await sayStopped(training, given);
    const step = trainingInfo === undefined ? undefined : withStep(training.model, given);
    if (fold) stages.enter("fold", "folding");
    const folded = fold ? await optimizeProven(training.model) : undefined;
    stages.enter("write", "writing");
    const output = await saveResult(folded?.model ?? training.model, target, quiet);
    if (step !== undefined && trainingInfo !== undefined) await saveResult(step, trainingInfo, quiet);
    const time = stages.finish();
    const { model: _, course, calibration: __, ...finished } = training;
    const { model: ___, ...said } = course;
    const run = { input: input.file, output, time, course: said, ...finished, folded: folded?.report };
    if (json) {
      const files = { input: await recordFiles(input.file), output: await recordFiles(output) };
      const { lastLoss, ...told } = said;
      const record = {
        ...files,
        secondsByStage: secondsOf(time),
        course: { ...told, lastLoss: Number.isNaN(lastLoss) ? null : lastLoss },
        comparison: finished.comparison,
        evaluation: finished.evaluation,
        folded: folded?.report,
      };
      return await writeDocument("train", record);
    }
    if (quiet) return;
    await write(trainText(run, styleFor("stdout")));
  } finally {
    stages.finish();
  }
}

async function listCommand(path: string, given: Given): Promise<void> {
  const { model, file } = await loadInput(path, pick(LOAD, given));
  const { freeze, train, untie, decay } = pick(PARAMETERS, given);
  const { output } = pick(STEP, given);
  const constants = listConstants(model, {
    freeze: constantsNamed(model, freeze),
    train: constantsNamed(model, train),
    ...defined({ untie, decay, output }),
  });
  if (pick(PRINTING, given).json)
    return await writeDocument("train", { input: await recordFiles(file), constants });
  await write(constantsText(constants, styleFor("stdout")));
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
  const options = settingsOf(model, given);
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

function settingsOf(model: Model, given: Given): TrainingSettings {
  return trainingSettingsOf(model, {
    ...pick(TRAINING_METHOD, given),
    ...pick(STEP, given),
    ...pick(HYPERPARAMETERS, given),
    ...pick(COURSE, given),
    ...pick(PARAMETERS, given),
    ...pick(DRAWING, given),
  });
}

/** The trained model and a step like those that trained it. */
function withStep(model: Model, given: Given): Model {
  return withTrainingInfo(model, settingsOf(model, given));
}
