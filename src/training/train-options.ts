import { errors as batchnormErrors } from "../batchnorm/errors.js";
import type { Dataset } from "../data/dataset.js";
import { DRAWING } from "../options/data.js";
import type { OptionsOf } from "../options/spec.js";
import { COURSE, HYPERPARAMETERS, STEP } from "../options/train.js";
import { assertValues } from "../options/validate.js";
import type { Runtime, RuntimeTensor } from "../runtime/runtime.js";
import { errors } from "./errors.js";
import type { Evaluation } from "./evaluation.js";
import { assertSchedule, type Schedule } from "./schedule.js";
import type { TrainingStep, TrainingStepOptions } from "./step.js";

/** The data, the settings and the length of a training. */
export interface TrainOptions
  extends Omit<TrainingStepOptions, "probes" | "withDecay" | "guarded">,
    OptionsOf<typeof HYPERPARAMETERS>,
    OptionsOf<typeof COURSE> {
  /** Labelled data to train on. */
  readonly data: Dataset;
  /** Labelled data to judge on, which is not trained on; the parameters that do best on it are kept. */
  readonly valid?: Dataset;
  /** Samples in a batch. */
  readonly batchSize: number;
  /**
   * Names of constants that are one in the file and are parted before the training, as patterns with * and ?; "all" for all. Default:
   * what is one stays one. Running statistics are always parted.
   */
  readonly untie?: readonly string[];
  /** The learning rate before the schedule, above 0. */
  readonly learningRate: number;
  /** How the learning rate changes. Default: constant. */
  readonly schedule?: Schedule;
  /** Seed of the order of the samples, a whole number from 0 to 2^32 - 1. Default 0. */
  readonly seed?: number;
  /** Goes on from here, bit for bit as if the training had not been stopped, for an equal number of threads. */
  readonly resume?: Checkpoint;
  /** What runs the steps. */
  readonly runtime: Runtime;
  /** Threads within an operator. Default 1, because sharing out small steps costs more than it saves. */
  readonly threads?: number;
  /**
   * Steps that the runtime makes in one call, where no validation or checkpoint is due in between. The result is the
   * same bit for bit; small networks train about twice as fast with 16. Default 1: `onStep` is called right after each
   * step.
   */
  readonly stepsPerCall?: number;
  /** Ends the training after the current step, with a complete result that has `interrupted`. */
  readonly signal?: AbortSignal;
  /** Called for each step. */
  readonly onStep?: (progress: StepProgress) => void;
  /** Called after each validation. */
  readonly onValidation?: (validation: Validation) => void;
  /** Called between two steps, which wait for it; the tensors are not changed afterwards. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void | Promise<void>;
}

/** One step that was made. */
export interface StepProgress {
  /** The number of the step, from 1. */
  readonly step: number;
  /** The steps of the whole training; Infinity where the data does not say how many samples it has. */
  readonly steps: number;
  /** The round through the data, from 0. */
  readonly epoch: number;
  /** The loss of the batch, before the step. */
  readonly loss: number;
  /** The part of the batch that is right, from 0 to 1; undefined for regressions. */
  readonly accuracy: number | undefined;
  /** The norm of all gradients together, before they are clipped. */
  readonly gradientNorm: number;
  /** The learning rate of the step. */
  readonly learningRate: number;
  /** False where loss or gradients were not finite, so that the step changed nothing. */
  readonly finite: boolean;
}

/** How well the parameters do on `valid` after a step. */
export interface Validation extends Evaluation {
  /** The number of steps made. */
  readonly step: number;
  /** True for the best so far. */
  readonly best: boolean;
}

/** The complete state of a training, from which it can go on. */
export interface Checkpoint {
  /** The number of steps made. */
  readonly step: number;
  /** The number of complete rounds through the data. */
  readonly epoch: number;
  /** The number of batches of the current round. */
  readonly batch: number;
  /** The options that decide the course, as text; a training goes on only from a checkpoint with the same text. */
  readonly course: string;
  /** The state, by the names of the step's inputs. */
  readonly tensors: ReadonlyMap<string, RuntimeTensor>;
  /** The state after the step that did best on `valid`. */
  readonly best:
    | {
        /** The number of steps made. */
        readonly step: number;
        /** The accuracy, or the negative loss of regressions: higher is better. */
        readonly score: number;
        /** The state, by the names of the step's inputs. */
        readonly tensors: ReadonlyMap<string, RuntimeTensor>;
      }
    | undefined;
}

/** Throws "usage" and "invalid" for options that make no sense, by themselves or with the data. */
export function assertOptions(options: TrainOptions): void {
  const { batchSize, steps, epochs, schedule, stepsPerCall = 1, data } = options;
  assertValues(DRAWING, { batchSize, seed: options.seed, threads: options.threads });
  if ((steps === undefined) === (epochs === undefined)) throw errors.trainingHasNoLength();
  assertValues(COURSE, options);
  assertHyperparameters(options);
  if (schedule !== undefined) assertSchedule(schedule);
  if (!(Number.isInteger(stepsPerCall) && stepsPerCall >= 1))
    throw errors.stepsPerCallAreNotWhole(stepsPerCall);
  if (data.size !== undefined && data.size < batchSize) {
    throw batchnormErrors.dataIsSmallerThanBatch(data.size, batchSize);
  }
  const isScheduled = schedule !== undefined && schedule.kind !== "constant";
  if (epochs !== undefined && data.size === undefined && isScheduled) throw errors.scheduleNeedsSteps();
}

/** Throws "usage" for a learning rate, momentum or weight decay out of range. */
export function assertHyperparameters({
  learningRate,
  momentum,
  weightDecay,
}: Pick<TrainOptions, "learningRate" | "momentum" | "weightDecay">): void {
  assertValues(STEP, { learningRate });
  assertValues(HYPERPARAMETERS, { momentum, weightDecay });
}

/** The options that decide the course of a training, as text. A checkpoint fits where its text is the same. */
export function courseOf(
  step: TrainingStep,
  {
    loss,
    optimizer,
    batchSize,
    learningRate,
    schedule,
    momentum,
    weightDecay,
    seed,
    clipNorm,
    decay = "weights",
    order = "random",
    data,
  }: TrainOptions,
): string {
  const state = step.state.map(({ name, initial }) => `${name}[${initial.dims}]`);
  return JSON.stringify([
    loss,
    optimizer,
    batchSize,
    learningRate,
    schedule,
    momentum,
    weightDecay,
    seed ?? 0,
    clipNorm,
    decay,
    order,
    data.size,
    state,
  ]);
}
