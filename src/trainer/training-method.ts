import { defined } from "../base/optional.js";
import type { Model } from "../ir/model.js";
import { DRAWING } from "../options/data.js";
import type { OptionsOf } from "../options/spec.js";
import { COURSE, HYPERPARAMETERS, PARAMETERS, STEP, TRAINING_METHOD } from "../options/train.js";
import { pick, settle } from "../options/validate.js";
import type { Loss } from "../training/loss.js";
import type { Optimizer } from "../training/optimizer.js";
import type { Schedule } from "../training/schedule.js";
import type { TrainOptions } from "../training/train-options.js";
import { constantsNamed } from "./constants-named.js";
import { errors } from "./errors.js";
import type { WithDefaults } from "./runtime.js";

/** The loss, the optimizer and the schedule of a training. */
export interface TrainingMethod {
  /** The loss with its options. */
  readonly loss: Loss;
  /** The optimizer with its options. */
  readonly optimizer: Optimizer;
  /** The schedule of the learning rate with its options. */
  readonly schedule: Schedule;
}

/** The options of a training as the command line has them: flat, and with the patterns of what stays. */
export type FlatTrainingOptions = OptionsOf<typeof TRAINING_METHOD> &
  OptionsOf<typeof STEP> &
  OptionsOf<typeof HYPERPARAMETERS> &
  OptionsOf<typeof COURSE> &
  OptionsOf<typeof PARAMETERS> &
  OptionsOf<typeof DRAWING>;

/** The options of a training but for its data and callbacks. */
export type TrainingSettings = TrainingMethod &
  Omit<WithDefaults<TrainOptions>, keyof TrainingMethod | "data">;

/**
 * The options of a training of `model` from flat ones. Throws NormfoldError "usage" for options that make no sense, and
 * for a pattern that matches no parameter.
 */
export function trainingSettingsOf(model: Model, options: FlatTrainingOptions): TrainingSettings {
  const { freeze, train, frozenStatistics, untie } = pick(PARAMETERS, options);
  return {
    ...trainingMethodOf(options),
    ...settle(STEP, options),
    ...pick(HYPERPARAMETERS, options),
    ...pick(COURSE, options),
    ...pick(DRAWING, options),
    freeze: constantsNamed(model, freeze),
    train: constantsNamed(model, train),
    decay: settle(PARAMETERS, options).decay,
    ...defined({ untie }),
    batchStatistics: frozenStatistics ? "training" : "all",
  };
}

/** Nests the flat options of the command line by kind. Throws NormfoldError "usage". */
export function trainingMethodOf(options: OptionsOf<typeof TRAINING_METHOD>): TrainingMethod {
  const { loss, optimizer, schedule } = settle(TRAINING_METHOD, options);
  return {
    loss: lossOf(loss, options),
    optimizer: { kind: optimizer },
    schedule: scheduleOf(schedule, options),
  };
}

function lossOf(kind: Loss["kind"], options: OptionsOf<typeof TRAINING_METHOD>): Loss {
  const { classWeights, ignoreIndex, labelSmoothing, softLabels, classesAxis, delta } = options;
  switch (kind) {
    case "cross-entropy":
      return { kind, ...defined({ classWeights, ignoreIndex, labelSmoothing, softLabels, classesAxis }) };
    case "huber":
      return { kind, ...defined({ delta }) };
    default:
      return { kind };
  }
}

function scheduleOf(kind: Schedule["kind"], options: OptionsOf<typeof TRAINING_METHOD>): Schedule {
  const { scheduleEvery: every, scheduleFactor: factor, warmup } = options;
  if (kind !== "step" && kind !== "exponential") return { kind, ...defined({ warmup }) };
  if (every === undefined) throw errors.scheduleNeedsInterval(kind);
  return { kind, every, ...defined({ factor, warmup }) };
}
