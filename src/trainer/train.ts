import { defined } from "../base/optional.js";
import type { Model } from "../ir/model.js";
import { type FinishedTraining, finishTraining } from "../training/finish.js";
import { trainModel } from "../training/train.js";
import type { TrainOptions } from "../training/train-options.js";
import type { TrainResult } from "../training/training-run.js";
import { batchSizeFor } from "./batch-size.js";
import { onnxruntime, type WithDefaults } from "./runtime.js";

/** A training from its first step to the inference form. */
export interface Training extends FinishedTraining {
  /** The course of the training, and its model before the statistics were replaced. */
  readonly course: TrainResult;
}

/**
 * Trains a model, and unless it was stopped replaces the moving averages that training moved by Algorithm 2's population
 * statistics over the training data, and gives the inference form (`finish`). Deterministic for a seed and a number of threads. Throws
 * NormfoldError "usage" and "invalid" for options and data that make no sense, "unsupported" for operators without a
 * gradient, "check" when it diverges (no finite loss for twenty batches in a row), and the reason of `signal` where
 * that comes after the last step: before, it ends the training with a complete result and `course.interrupted`.
 */
export async function train(model: Model, options: WithDefaults<TrainOptions>): Promise<Training> {
  const runtime = options.runtime ?? (await onnxruntime());
  const batchSize = batchSizeFor(model, options.data, options);
  const course = await trainModel(model, { ...options, batchSize, runtime });
  if (course.interrupted) {
    return {
      model: course.model,
      calibration: undefined,
      comparison: undefined,
      evaluation: undefined,
      course,
    };
  }
  const { data, valid, loss, output, seed, threads, signal, finish } = options;
  const finished = await finishTraining(course.model, {
    data,
    loss,
    batchSize,
    runtime,
    averaged: course.averaged,
    ...defined({ valid, output, seed, threads, signal, finish }),
  });
  return { ...finished, course };
}
