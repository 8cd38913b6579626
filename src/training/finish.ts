import { defined } from "../base/optional.js";
import { type CalibrationReport, calibrate } from "../batchnorm/calibrate.js";
import { freeze } from "../batchnorm/freeze.js";
import type { Dataset } from "../data/dataset.js";
import type { Model } from "../ir/model.js";
import type { Runtime } from "../runtime/runtime.js";
import { type Evaluation, evaluateModel } from "./evaluation.js";
import type { Loss } from "./loss.js";

export interface FinishOptions {
  /** What the statistics come from: the training data. */
  readonly data: Dataset;
  /** What to judge on: data that was not trained on. Default: nothing is judged. */
  readonly valid?: Dataset;
  readonly loss: Loss;
  readonly output?: string;
  readonly batchSize: number;
  /** Training samples to take statistics from. Default: all. */
  readonly limit?: number;
  /** Of the order of the samples: Algorithm 2 wants mini-batches like those of the training. Default 0. */
  readonly seed?: number;
  readonly runtime: Runtime;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** How well one set of weights does with three sources of statistics. */
export interface StatisticsComparison {
  /** Of each batch, as in training. */
  readonly batch: Evaluation;
  /** The moving averages that training kept. */
  readonly movingAverage: Evaluation;
  /** Algorithm 2's, which the model is left with. */
  readonly population: Evaluation;
}

export interface FinishedTraining {
  /** The inference form, with Algorithm 2's statistics where there are normalizations. */
  readonly model: Model;
  readonly calibration: CalibrationReport | undefined;
  /** undefined without normalizations. */
  readonly comparison: StatisticsComparison | undefined;
  /** Of the model as it is left; undefined without `valid`. */
  readonly evaluation: Evaluation | undefined;
}

/** The end of Algorithm 2: population statistics from the training data, and the inference form. */
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
