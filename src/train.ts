/**
 * normfold's second door, "normfold/train": insertion of BatchNormalization and its statistics, gradients, training. Apart
 * from the first, so that who only optimizes loads none of it.
 */

import { NormfoldError } from "./base/errors.js";
import type { Slot } from "./data/bind.js";
import type { Dataset } from "./data/dataset.js";
import type { Model } from "./ir/model.js";
import type { DatasetOptions } from "./node/data/open.js";
import type { Runtime } from "./runtime/runtime.js";
import type { EnsembleOptions } from "./training/ensemble.js";
import { type EnsembleProof, proveEnsemble as prove } from "./training/ensemble-proof.js";
import { type Evaluation, type EvaluationOptions, evaluateModel } from "./training/evaluation.js";
import { type FinishedTraining, finishTraining } from "./training/finish.js";
import { loadIn } from "./training/lower-preview.js";
import { type TrainOptions, type TrainResult, trainModel } from "./training/train.js";

export {
  CALIBRATION_METHODS,
  type CalibratedLayer,
  type CalibrateOptions,
  type CalibrationMethod,
  type CalibrationReport,
  calibrate,
} from "./batchnorm/calibrate.js";
export { type FreezeReport, freeze } from "./batchnorm/freeze.js";
export {
  type InsertedSite,
  type InsertOptions,
  type InsertReport,
  insertBatchNorm,
} from "./batchnorm/insert.js";
export {
  type PrepareOptions,
  type PrepareReport,
  prepare,
  RECIPES,
  type Recipe,
} from "./batchnorm/prepare.js";
export type { PassedOver, Site, SiteOptions } from "./batchnorm/site.js";
export { matchesGlob } from "./batchnorm/site.js";
export { findSites } from "./batchnorm/sites.js";
export {
  estimateStatistics,
  type LayerStatistics,
  type StatisticsOptions,
  type StatisticsReport,
} from "./batchnorm/statistics.js";
export { bindDataset, LABELS, type Preparation, type Slot } from "./data/bind.js";
export type { Batch, BatchOptions, Dataset, Field } from "./data/dataset.js";
export { tensorDataset } from "./data/memory.js";
export { type DifferentiateOptions, differentiate } from "./gradient/differentiate.js";
export type { DatasetOptions } from "./node/data/open.js";
export { type GradientCoverage, gradientCoverage } from "./ops/gradient.js";
export { buildEnsemble, type EnsembleOptions } from "./training/ensemble.js";
export type { EnsembleProof } from "./training/ensemble-proof.js";
export type { Evaluation } from "./training/evaluation.js";
export type { FinishedTraining, StatisticsComparison } from "./training/finish.js";
export { LOSSES, type Loss, type LossKind } from "./training/loss.js";
export { isPreviewTraining, lowerPreviewTraining } from "./training/lower-preview.js";
export { OPTIMIZERS, type Optimizer, type OptimizerKind } from "./training/optimizer.js";
export { SCHEDULES, type Schedule, type ScheduleKind } from "./training/schedule.js";
export {
  buildTrainingStep,
  type StateTensor,
  type TrainingStep,
  type TrainingStepOptions,
} from "./training/step.js";
export type {
  Checkpoint,
  StepProgress,
  TrainedParameter,
  TrainOptions,
  TrainResult,
  Validation,
} from "./training/train.js";
export {
  type TrainingInfoOptions,
  type TrainingModel,
  trainingModel,
  withTrainingInfo,
} from "./training/training-info.js";

/** What data a model wants: its inputs without a value of their own. Throws "unsupported" for inputs that are no tensors. */
export function inputSlots(model: Model): readonly Slot[] {
  const inputs = model.graph.inputs.filter(
    (value) => value.tensor === undefined && value.sparse === undefined,
  );
  return inputs.map(({ name, type }) => {
    if (type?.kind === "tensor") return { name, dtype: type.dtype, shape: type.shape };
    throw new NormfoldError("unsupported", "it is no tensor, so that no dataset can feed it", {
      element: name,
    });
  });
}

/**
 * Opens files with samples for a model: .npy, .npz, idx (MNIST), folders of images or ONNX tensors, JavaScript modules.
 * Read a batch at a time. Throws NormfoldError with the file and what is wrong.
 */
export async function openData(model: Model, path: string, options: DatasetOptions = {}): Promise<Dataset> {
  const { openDataset } = await import("./node/data/open.js");
  return openDataset(path, inputSlots(model), options);
}

type WithDefaultRuntime<T extends { readonly runtime: Runtime }> = Omit<T, "runtime"> & {
  readonly runtime?: Runtime;
};

export interface Training extends FinishedTraining {
  /** How the training went, and what it left before the statistics were replaced. */
  readonly course: TrainResult;
}

/**
 * Trains a model, and unless it was stopped replaces its moving averages by Algorithm 2's population statistics over the
 * training data, and gives the inference form. Deterministic for a seed and a number of threads. Throws NormfoldError
 * "usage" and "invalid" for options and data that make no sense, "unsupported" for what has no gradient, "check" when it
 * diverges (no finite loss for twenty batches in a row), and the reason of `signal` where that comes after the last step:
 * before, it ends the training in order, with `course.interrupted`.
 */
export async function train(model: Model, options: WithDefaultRuntime<TrainOptions>): Promise<Training> {
  const runtime = options.runtime ?? (await onnxruntime());
  const course = await trainModel(model, { ...options, runtime });
  if (course.interrupted) {
    return {
      model: course.model,
      calibration: undefined,
      comparison: undefined,
      evaluation: undefined,
      course,
    };
  }
  const { data, valid, loss, output, batchSize, seed, threads, signal } = options;
  const finished = await finishTraining(course.model, {
    data,
    loss,
    batchSize,
    runtime,
    ...(valid === undefined ? {} : { valid }),
    ...(output === undefined ? {} : { output }),
    ...(seed === undefined ? {} : { seed }),
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
  });
  return { ...finished, course };
}

/**
 * How well a model in inference form does on labelled data, `batchSize` samples at a time. Throws NormfoldError "usage" and
 * "invalid" for data that does not fit.
 */
export async function evaluate(
  model: Model,
  data: Dataset,
  options: WithDefaultRuntime<EvaluationOptions>,
): Promise<Evaluation> {
  return evaluateModel(model, data, { ...options, runtime: options.runtime ?? (await onnxruntime()) });
}

/**
 * Compares an ensemble with its members in onnxruntime, on generated inputs. Throws NormfoldError "check" when it is not the
 * mean of their probabilities, "unsupported" where onnxruntime cannot run a member.
 */
export async function proveEnsemble(
  models: readonly Model[],
  ensemble: Model,
  options: EnsembleOptions = {},
): Promise<EnsembleProof> {
  return prove(models, ensemble, options, await onnxruntime());
}

/** Has onnxruntime load a model. Throws NormfoldError "unsupported" and "invalid" with its reason where it does not. */
export async function assertLoads(model: Model): Promise<void> {
  await loadIn(await onnxruntime(), model);
}

async function onnxruntime(): Promise<Runtime> {
  const { defaultRuntime } = await import("./runtime/ort.js");
  return defaultRuntime();
}
