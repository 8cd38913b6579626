import { defined } from "../base/optional.js";
import type { OptionsOf } from "../options/spec.js";
import { TRAINING_METHOD } from "../options/train.js";
import { settle } from "../options/validate.js";
import type { Loss } from "../training/loss.js";
import type { Optimizer } from "../training/optimizer.js";
import type { Schedule } from "../training/schedule.js";
import { errors } from "./errors.js";

/** The loss, the optimizer and the schedule of a training. */
export interface TrainingMethod {
  /** The loss with its options. */
  readonly loss: Loss;
  /** The optimizer with its options. */
  readonly optimizer: Optimizer;
  /** The schedule of the learning rate with its options. */
  readonly schedule: Schedule;
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
  const { classWeights, ignoreIndex, labelSmoothing, delta } = options;
  switch (kind) {
    case "cross-entropy":
      return { kind, ...defined({ classWeights, ignoreIndex, labelSmoothing }) };
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
