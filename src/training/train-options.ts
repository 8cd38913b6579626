import { errors as batchnormErrors } from "../batchnorm/errors.js";
import type { Dataset } from "../data/dataset.js";
import { errors as dataErrors } from "../data/errors.js";
import type { Runtime, RuntimeTensor } from "../runtime/runtime.js";
import { errors } from "./errors.js";
import type { Evaluation } from "./evaluation.js";
import { assertSchedule, type Schedule } from "./schedule.js";
import type { TrainingStep, TrainingStepOptions } from "./step.js";

export interface TrainOptions extends Omit<TrainingStepOptions, "probes" | "withDecay" | "guarded"> {
  readonly data: Dataset;
  /** Labelled data that is not trained on; the parameters that do best on it are kept. */
  readonly valid?: Dataset;
  readonly batchSize: number;
  /** How long: batches, or rounds through the data, of which one is to be given. */
  readonly steps?: number;
  readonly epochs?: number;
  readonly learningRate: number;
  /** Default: constant. */
  readonly schedule?: Schedule;
  /** Default 0.9, for the optimizers that have it. */
  readonly momentum?: number;
  /** Default 0. */
  readonly weightDecay?: number;
  /** Of the order of the samples. Default 0. */
  readonly seed?: number;
  /** Steps between validations. Default: at the end of each round through the data. */
  readonly validateEvery?: number;
  /** Steps between checkpoints. Default: with each validation. */
  readonly checkpointEvery?: number;
  /** Goes on from here: bit for bit as if it had not been stopped, for an equal number of threads. */
  readonly resume?: Checkpoint;
  readonly runtime: Runtime;
  /** Threads within an operator. Default 1: small steps lose more by handing work over than they gain. */
  readonly threads?: number;
  /**
   * Steps that the runtime makes in one call, where no validation or checkpoint is due in between. The result is the
   * same bit for bit; small networks train about twice as fast with 16. Default 1: each step is told of when it is
   * made.
   */
  readonly stepsPerCall?: number;
  readonly signal?: AbortSignal;
  readonly onStep?: (progress: StepProgress) => void;
  readonly onValidation?: (validation: Validation) => void;
  /** Called while nothing runs; the tensors are not changed afterwards. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void | Promise<void>;
}

export interface StepProgress {
  /** From 1. */
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number | undefined;
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** False: the batch gave no finite loss or gradients, and changed nothing. */
  readonly finite: boolean;
}

export interface Validation extends Evaluation {
  readonly step: number;
  /** True for the best so far. */
  readonly best: boolean;
}

/** All that training needs to go on. */
export interface Checkpoint {
  /** Steps done. */
  readonly step: number;
  /** Rounds through the data done, and batches of the one under way. */
  readonly epoch: number;
  readonly batch: number;
  /** What must be the same when it goes on: a digest of the options that decide the course. */
  readonly course: string;
  readonly tensors: ReadonlyMap<string, RuntimeTensor>;
  readonly best:
    | { readonly step: number; readonly score: number; readonly tensors: ReadonlyMap<string, RuntimeTensor> }
    | undefined;
}

/** Throws "usage" and "invalid" for options that make no sense, or not with the data. */
export function assertOptions({
  batchSize,
  steps,
  epochs,
  learningRate,
  schedule,
  momentum,
  weightDecay,
  seed = 0,
  validateEvery = 1,
  checkpointEvery = 1,
  threads = 1,
  stepsPerCall = 1,
  data,
}: TrainOptions): void {
  if (!isWhole(batchSize, 1)) throw dataErrors.batchSizeIsNotWhole(batchSize);
  if ((steps === undefined) === (epochs === undefined)) throw errors.trainingHasNoLength();
  const length = steps ?? epochs ?? 0;
  if (!isWhole(length, 1)) throw errors.trainingLengthIsNotWhole(length);
  assertHyperparameters({ learningRate, momentum, weightDecay });
  if (!isWhole(seed, 0) || seed >= 2 ** 32) throw errors.trainingSeedOutsideRange(seed);
  if (!isWhole(validateEvery, 1)) throw errors.intervalIsNotWhole("validations", validateEvery);
  if (!isWhole(checkpointEvery, 1)) throw errors.intervalIsNotWhole("checkpoints", checkpointEvery);
  if (!isWhole(threads, 1)) throw errors.threadsAreNotWhole(threads);
  if (schedule !== undefined) assertSchedule(schedule);
  if (!isWhole(stepsPerCall, 1)) throw errors.stepsPerCallAreNotWhole(stepsPerCall);
  if (data.size !== undefined && data.size < batchSize) {
    throw batchnormErrors.dataIsSmallerThanBatch(data.size, batchSize);
  }
  const isScheduled = schedule !== undefined && schedule.kind !== "constant";
  if (epochs !== undefined && data.size === undefined && isScheduled) throw errors.scheduleNeedsSteps();
}

function isWhole(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least;
}

/** Throws "usage" for numbers that no optimizer could move parameters by. */
export function assertHyperparameters({
  learningRate,
  momentum = 0.9,
  weightDecay = 0,
}: {
  readonly learningRate: number;
  readonly momentum: number | undefined;
  readonly weightDecay: number | undefined;
}): void {
  if (!(learningRate > 0 && Number.isFinite(learningRate)))
    throw errors.learningRateOutsideRange(learningRate);
  if (!(momentum >= 0 && momentum < 1)) throw errors.optimizerMomentumOutsideRange(momentum);
  if (!(weightDecay >= 0 && Number.isFinite(weightDecay))) throw errors.weightDecayOutsideRange(weightDecay);
}

/** What decides the course of a training, as text; a checkpoint fits where it is equal. */
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
    data.size,
    state,
  ]);
}
