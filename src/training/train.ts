import { assertBatchSize } from "../batchnorm/batch-size.js";
import { ownNormalizations } from "../batchnorm/layers.js";
import { tiedNames, untieConstants } from "../batchnorm/own-constants.js";
import { cloneModel } from "../ir/clone.js";
import type { Model } from "../ir/model.js";
import { buildTrainingStep } from "./step.js";
import { StepCalls } from "./step-calls.js";
import { assertOptions, type TrainOptions } from "./train-options.js";
import { TrainingRun, type TrainResult } from "./training-run.js";

/**
 * Trains the model on labelled data, a batch at a time, on the runtime. Deterministic for a seed and a number of
 * threads. Throws NormfoldError "usage" and "invalid" for options and data that make no sense, "unsupported" for
 * operators without a gradient, "check" where it diverges: the loss is not finite for twenty batches in a row.
 */
export async function trainModel(model: Model, options: TrainOptions): Promise<TrainResult> {
  assertOptions(options);
  assertBatchSize(model, options.batchSize);
  // Not guarded, because the loop holds the state and can itself drop the one that a bad batch gives.
  const withDecay = (options.weightDecay ?? 0) > 0;
  const parted = cloneModel(model);
  const layers = ownNormalizations(parted);
  const untied = options.untie === undefined ? [] : untieConstants(parted, options.untie);
  const step = buildTrainingStep(parted, { ...options, withDecay, guarded: false });
  const { runtime, threads = 1, stepsPerCall = 1 } = options;
  const calls = await StepCalls.open(runtime, step, { threads, stepsPerCall });
  try {
    const result = await new TrainingRun(parted, step, calls, options).toTheEnd();
    return { ...result, ...layers, untied, tied: tiedNames(parted.graph) };
  } finally {
    await calls.close();
  }
}
