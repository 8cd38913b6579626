import { defined } from "../base/optional.js";
import { calibrate } from "../batchnorm/calibrate.js";
import type { CalibrationReport } from "../batchnorm/calibration-report.js";
import { freeze } from "../batchnorm/freeze.js";
import type { Dataset } from "../data/dataset.js";
import type { Model } from "../ir/model.js";
import type { Runtime } from "../runtime/runtime.js";
import { type Evaluation, evaluateModel } from "./evaluation.js";
import type { Loss } from "./loss.js";

/** How to end a training. */
export interface FinishOptions {
  /** The training data, on which the statistics are measured. */
  readonly data: Dataset;
  /** Labelled data that was not trained on, to judge the model on. Default: the model is not judged. */
  readonly valid?: Dataset;
  /** The loss of the training. */
  readonly loss: Loss;
  /** The output that the loss is of. Default: the first. */
  readonly output?: string;
  /** Samples in a batch, as in the training. */
  readonly batchSize: number;
  /** Training samples to take statistics from. Default: all. */
  readonly limit?: number;
  /** Seed of the order of the samples: Algorithm 2 takes mini-batches like those of the training. Default 0. */
  readonly seed?: number;
  /** What runs the model. */
  readonly runtime: Runtime;
  /** Threads within an operator. Default: the runtime's own choice. */
  readonly threads?: number;
  /** Ends the work with its reason as the error. */
  readonly signal?: AbortSignal;
}

/** How well the same weights do with the statistics of three sources. */
export interface StatisticsComparison {
  /** The statistics of each batch, as in training. */
  readonly batch: Evaluation;
  /** The moving averages that training kept. */
  readonly movingAverage: Evaluation;
  /** The population statistics of Algorithm 2, which the model keeps. */
  readonly population: Evaluation;
}

/** A trained model, ready for inference. */
export interface FinishedTraining {
  /** The inference form, with Algorithm 2's statistics where there are normalizations. */
  readonly model: Model;
  /** How the statistics changed; undefined without normalizations. */
  readonly calibration: CalibrationReport | undefined;
  /** undefined without normalizations, without `valid`, and where `valid` has less than a batch. */
  readonly comparison: StatisticsComparison | undefined;
  /** The evaluation of `model` on `valid`; undefined without `valid`. */
  readonly evaluation: Evaluation | undefined;
}

/**
 * The end of Algorithm 2: freezes a trained model and replaces its moving averages by population statistics of the
 * training data.
 */
export async function finishTraining(model: Model, options: FinishOptions): Promise<FinishedTraining> {
  const { data, valid, limit, seed = 0, ...shared } = options;
  const judge = async (judged: Model, statistics: "stored" | "batch"): Promise<Evaluation | undefined> =>
    valid === undefined ? undefined : await evaluateModel(judged, valid, { ...shared, statistics });
  const frozen = freeze(model).model;
  const isNormalized = [...frozen.graph.nodes()].some((node) => node.is("BatchNormalization"));
  if (!isNormalized) {
    return {
      model: frozen,
      calibration: undefined,
      comparison: undefined,
      evaluation: await judge(frozen, "stored"),
    };
  }
  const { batchSize, runtime, threads, signal } = shared;
  const calibrated = await calibrate(frozen, data, {
    method: "paper",
    batchSize,
    runtime,
    seed,
    ...defined({ threads, signal, limit }),
  });
  const population = await judge(calibrated.model, "stored");
  const movingAverage = await judge(frozen, "stored");
  const isEnough = valid?.size === undefined || valid.size >= batchSize;
  const batch = isEnough ? await judge(frozen, "batch") : undefined;
  return {
    model: calibrated.model,
    calibration: calibrated.report,
    comparison:
      batch === undefined || movingAverage === undefined || population === undefined
        ? undefined
        : { batch, movingAverage, population },
    evaluation: population,
  };
}
