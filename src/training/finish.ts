import { NormfoldError } from "../base/errors.js";
import { defined } from "../base/optional.js";
import { type CalibrateResult, calibrate } from "../batchnorm/calibrate.js";
import type { CalibrationReport } from "../batchnorm/calibration-report.js";
import { errors as batchnormErrors } from "../batchnorm/errors.js";
import { freeze } from "../batchnorm/freeze.js";
import type { Dataset } from "../data/dataset.js";
import type { Model } from "../ir/model.js";
import type { OptionsOf } from "../options/spec.js";
import { COURSE } from "../options/train.js";
import { settle } from "../options/validate.js";
import type { Runtime } from "../runtime/runtime.js";
import { errors } from "./errors.js";
import { type Evaluation, evaluateModel } from "./evaluation.js";
import type { Loss } from "./loss.js";

/** How to end a training. */
export interface FinishOptions extends Pick<OptionsOf<typeof COURSE>, "finish"> {
  /** The names of the running statistics that followed the batches; all others stay as they are. */
  readonly averaged: readonly string[];
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
  /** The inference form, with Algorithm 2's statistics where training moved them; as `finish` says. */
  readonly model: Model;
  /** How the statistics changed; undefined where none were measured. */
  readonly calibration: CalibrationReport | undefined;
  /** undefined where none were measured, without `valid`, and where `valid` has less than a batch. */
  readonly comparison: StatisticsComparison | undefined;
  /** The evaluation of `model` on `valid`; undefined without `valid`. */
  readonly evaluation: Evaluation | undefined;
}

/**
 * The end of Algorithm 2: freezes a trained model and replaces its moving averages by population statistics of the
 * training data. Statistics that training did not move stay as they are.
 */
export async function finishTraining(model: Model, options: FinishOptions): Promise<FinishedTraining> {
  const { data, valid, limit, seed = 0, averaged, finish, ...shared } = options;
  const how = settle(COURSE, defined({ finish })).finish;
  const judge = async (judged: Model, statistics: "stored" | "batch"): Promise<Evaluation | undefined> =>
    valid === undefined ? undefined : await evaluateModel(judged, valid, { ...shared, statistics });
  const frozen = freeze(model).model;
  if (how !== "paper" || averaged.length === 0) {
    return {
      model: how === "none" ? model : frozen,
      calibration: undefined,
      comparison: undefined,
      evaluation: await judge(frozen, "stored"),
    };
  }
  const { batchSize, runtime, threads, signal } = shared;
  const moved = layersWith(model, new Set(averaged));
  const calibrated = await calibrateTrained(frozen, data, {
    method: "paper",
    batchSize,
    runtime,
    seed,
    keep: (output) => !moved.has(output),
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

/** The outputs of the BatchNormalizations with these statistics. Freezing may give a statistic another name and type. */
function layersWith({ graph }: Model, statistics: ReadonlySet<string>): ReadonlySet<string> {
  const layers = [...graph.nodes()].filter(
    (node) => node.is("BatchNormalization") && statistics.has(node.input(3)?.name ?? ""),
  );
  return new Set(layers.flatMap((node) => node.output(0)?.name ?? []));
}

/** The data was trained on, so that numbers that are not finite come from the parameters. */
async function calibrateTrained(
  ...[model, data, options]: Parameters<typeof calibrate>
): Promise<CalibrateResult> {
  try {
    return await calibrate(model, data, options);
  } catch (error) {
    const { activationIsNotFinite, statisticExceedsType } = batchnormErrors;
    if (
      error instanceof NormfoldError &&
      [activationIsNotFinite.id, statisticExceedsType.id].includes(error.id)
    )
      throw errors.trainedStatisticsDiverged().at(error.where).because(error);
    throw error;
  }
}
