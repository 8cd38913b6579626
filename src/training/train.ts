import { NormfoldError } from "../base/errors.js";
import { freeze } from "../batchnorm/freeze.js";
import type { Dataset } from "../data/dataset.js";
import type { Model } from "../ir/model.js";
import { encodeNumbers, Tensor, tensorFromBytes } from "../ir/tensor.js";
import { encodeToBytes } from "../proto/encode.js";
import type { Runtime, RuntimeTensor, Session } from "../runtime/runtime.js";
import { assertLabels, type Evaluation, evaluateModel, labelsOf, scalarOf } from "./evaluation.js";
import { assertSchedule, learningRateAt, type Schedule } from "./schedule.js";
import { buildTrainingStep, type TrainingStep, type TrainingStepOptions, withConstants } from "./step.js";

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

export interface TrainResult {
  /** The model that was given, with trained parameters and moving averages for statistics; the best on `valid` where that is given. */
  readonly model: Model;
  readonly steps: number;
  /** Rounds through the data, the last one as a whole. */
  readonly epochs: number;
  /** Batches that changed nothing because their loss or gradients were not finite. */
  readonly skipped: number;
  readonly lastLoss: number;
  readonly validations: readonly Validation[];
  /** The step that the model is of. */
  readonly bestStep: number;
  /** True when `signal` ended it. */
  readonly interrupted: boolean;
}

/** Batches in a row that may fail before the run is given up. */
const MAX_BAD_BATCHES = 20;

/**
 * Trains the model on labelled data, a batch at a time, on the runtime. Deterministic for a seed and a number of threads.
 * Throws NormfoldError "usage" and "invalid" for options and data that make no sense, "unsupported" for what has no
 * gradient, "check" when it diverges: the loss is not finite for twenty batches in a row.
 */
export async function trainModel(model: Model, options: TrainOptions): Promise<TrainResult> {
  assertOptions(options);
  // The loop holds the state, so that it can drop what a bad batch makes of it.
  const withDecay = (options.weightDecay ?? 0) > 0;
  const step = buildTrainingStep(model, { ...options, withDecay, guarded: false });
  const session = await options.runtime.open(
    { kind: "bytes", bytes: encodeToBytes(step.model) },
    { optimize: true, threads: options.threads ?? 1 },
  );
  try {
    return await new Run(model, step, session, options).toTheEnd();
  } finally {
    await session.close();
  }
}

function assertOptions({
  batchSize,
  steps,
  epochs,
  learningRate,
  schedule,
  momentum = 0.9,
  weightDecay = 0,
  data,
}: TrainOptions): void {
  const fail = (message: string): never => {
    throw new NormfoldError("usage", message);
  };
  if (!Number.isInteger(batchSize) || batchSize < 1)
    fail(`a batch of ${batchSize} samples; give a whole number from 1 on`);
  if ((steps === undefined) === (epochs === undefined))
    fail("give the length of the training: steps or epochs, one of them");
  const length = steps ?? epochs ?? 0;
  if (!Number.isInteger(length) || length < 1)
    fail(`${length} is no length of a training; give a whole number from 1 on`);
  if (!(learningRate > 0)) fail(`the learning rate is ${learningRate}; give one above 0`);
  if (!(momentum >= 0 && momentum < 1)) fail(`the momentum is ${momentum}; give one from 0 to below 1`);
  if (!(weightDecay >= 0)) fail(`the weight decay is ${weightDecay}; give one from 0 on`);
  if (schedule !== undefined) assertSchedule(schedule);
  if (data.size !== undefined && data.size < batchSize) {
    throw new NormfoldError(
      "invalid",
      `the data has ${data.size} samples, fewer than a batch of ${batchSize}; make batches smaller`,
    );
  }
  if (
    epochs !== undefined &&
    data.size === undefined &&
    schedule !== undefined &&
    schedule.kind !== "constant"
  ) {
    fail("the data does not say how many samples it has; give the length in steps for a schedule");
  }
}

class Run {
  readonly #model: Model;
  readonly #step: TrainingStep;
  readonly #session: Session;
  readonly #options: TrainOptions;
  readonly #course: string;
  readonly #validations: Validation[] = [];
  #state: Map<string, RuntimeTensor>;
  #best: Checkpoint["best"];
  #done = 0;
  #epoch = 0;
  /** Batches of this round that are done. */
  #inEpoch = 0;
  #skipped = 0;
  #badInRow = 0;
  #lastLoss = Number.NaN;

  constructor(model: Model, step: TrainingStep, session: Session, options: TrainOptions) {
    this.#model = model;
    this.#step = step;
    this.#session = session;
    this.#options = options;
    this.#course = courseOf(step, options);
    this.#state = new Map(
      step.state.map(({ name, initial: { dtype, dims, ...initial } }) => [
        name,
        { dtype, dims, data: new Tensor(dtype, dims, initial.data).bytes() },
      ]),
    );
    if (options.resume !== undefined) this.#goOnFrom(options.resume);
  }

  #goOnFrom({ step, epoch, batch, course, tensors, best }: Checkpoint): void {
    if (course !== this.#course) {
      throw new NormfoldError(
        "usage",
        "the checkpoint is of another training: other data sizes, options or parameters; start anew",
      );
    }
    const lacking = this.#step.state.find(({ name, initial }) => {
      const tensor = tensors.get(name);
      return tensor?.dtype !== initial.dtype || tensor.dims.join() !== initial.dims.join();
    });
    if (lacking !== undefined) {
      throw new NormfoldError(
        "invalid",
        `the checkpoint lacks "${lacking.name}" in its sizes; it is damaged, start anew`,
      );
    }
    this.#done = step;
    this.#epoch = epoch;
    this.#inEpoch = batch;
    this.#state = new Map(tensors);
    this.#best = best;
  }

  async toTheEnd(): Promise<TrainResult> {
    const { data, batchSize, signal, seed = 0 } = this.#options;
    const perEpoch = data.size === undefined ? undefined : Math.floor(data.size / batchSize);
    const total =
      this.#options.steps ??
      (perEpoch === undefined ? Number.POSITIVE_INFINITY : perEpoch * (this.#options.epochs ?? 1));
    const lastEpoch = this.#options.epochs ?? Number.POSITIVE_INFINITY;
    while (this.#done < total && this.#epoch < lastEpoch && !signal?.aborted) {
      const order = {
        size: batchSize,
        seed: epochSeed(seed, this.#epoch),
        dropLast: true,
        skip: this.#inEpoch,
      };
      for await (const { tensors } of data.batches(order)) {
        await this.#once(tensors, total);
        if (this.#done >= total) break;
        // Before it stops as well: a run that goes on later has chosen its best among the same steps.
        await this.#watch(this.#done % (this.#options.validateEvery ?? Number.POSITIVE_INFINITY) === 0);
        if (signal?.aborted) break;
      }
      if (this.#inEpoch === 0) {
        throw new NormfoldError(
          "invalid",
          `the data has no batch of ${batchSize} samples; give more, or a smaller batch`,
        );
      }
      if (this.#done >= total || signal?.aborted) break;
      this.#epoch++;
      this.#inEpoch = 0;
      if (this.#options.validateEvery === undefined) await this.#watch(true);
    }
    const interrupted = signal?.aborted ?? false;
    if (!interrupted) await this.#validate();
    await this.#save();
    return this.#result(interrupted);
  }

  async #once(tensors: ReadonlyMap<string, RuntimeTensor>, total: number): Promise<void> {
    const { learningRate, schedule = { kind: "constant" }, loss } = this.#options;
    const labels = labelsOf(tensors, this.#step.model, this.#step.labels);
    assertLabels(labels, loss, this.#step.classes, 0);
    const rate = learningRateAt(schedule, learningRate, this.#done, total);
    const { outputs } = this.#step;
    const results = await this.#session.run(
      new Map([...tensors, [this.#step.labels, labels], ...this.#state, ...this.#scalars(rate)]),
    );
    const finite = scalarOf(results, outputs.finite) === 1;
    this.#lastLoss = scalarOf(results, outputs.loss);
    for (const { name, next } of finite ? this.#step.state : []) {
      const value = results.get(next);
      if (value !== undefined) this.#state.set(name, value);
    }
    this.#done++;
    this.#inEpoch++;
    this.#badInRow = finite ? 0 : this.#badInRow + 1;
    if (!finite) this.#skipped++;
    if (this.#badInRow === MAX_BAD_BATCHES) {
      const message = `training diverged: the last ${MAX_BAD_BATCHES} batches up to step ${this.#done} gave no finite loss; lower the learning rate`;
      throw new NormfoldError("check", message);
    }
    this.#options.onStep?.({
      step: this.#done,
      steps: total,
      epoch: this.#epoch,
      loss: this.#lastLoss,
      accuracy: outputs.accuracy === undefined ? undefined : scalarOf(results, outputs.accuracy),
      gradientNorm: scalarOf(results, outputs.gradientNorm),
      learningRate: rate,
      finite,
    });
  }

  #scalars(rate: number): [string, RuntimeTensor][] {
    const { learningRate, weightDecay, momentum } = this.#step.hyperparameters;
    const dtype = this.#step.state[0]?.initial.dtype ?? "float";
    const scalar = (name: string, value: number): [string, RuntimeTensor] => [
      name,
      { dtype, dims: [], data: encodeNumbers(dtype, [value]) },
    ];
    return [
      scalar(learningRate, rate),
      ...(weightDecay === undefined ? [] : [scalar(weightDecay, this.#options.weightDecay ?? 0)]),
      ...(momentum === undefined ? [] : [scalar(momentum, this.#options.momentum ?? 0.9)]),
    ];
  }

  /** Between two steps: validation where it is due, and a checkpoint with it or at its own pace. */
  async #watch(isDue: boolean): Promise<void> {
    if (isDue) await this.#validate();
    const { checkpointEvery } = this.#options;
    if (checkpointEvery === undefined ? isDue : this.#done % checkpointEvery === 0) await this.#save();
  }

  async #validate(): Promise<void> {
    const { valid, loss, output, batchSize, runtime, threads } = this.#options;
    if (valid === undefined || this.#validations.at(-1)?.step === this.#done) return;
    const { model } = freeze(this.#trained(this.#state));
    // Without the signal: it is finished, so that what was trained before it gets into a checkpoint.
    const evaluation = await evaluateModel(model, valid, {
      loss,
      batchSize,
      runtime,
      ...(output === undefined ? {} : { output }),
      ...(threads === undefined ? {} : { threads }),
    });
    const score = evaluation.accuracy ?? -evaluation.loss;
    const best = this.#best === undefined || score > this.#best.score;
    if (best) this.#best = { step: this.#done, score, tensors: new Map(this.#state) };
    const validation = { ...evaluation, step: this.#done, best };
    this.#validations.push(validation);
    this.#options.onValidation?.(validation);
  }

  async #save(): Promise<void> {
    await this.#options.onCheckpoint?.({
      step: this.#done,
      epoch: this.#epoch,
      batch: this.#inEpoch,
      course: this.#course,
      tensors: new Map(this.#state),
      best: this.#best,
    });
  }

  /** Parameters and moving averages in the model that was given. */
  #trained(state: ReadonlyMap<string, RuntimeTensor>): Model {
    const constants = new Map<string, Tensor>();
    for (const { name, kind } of this.#step.state) {
      const value = state.get(name);
      if (kind !== "parameter" && kind !== "statistic") continue;
      if (!(value?.data instanceof Uint8Array)) continue;
      constants.set(name, tensorFromBytes(value.dtype, value.dims, value.data));
    }
    return withConstants(this.#model, constants);
  }

  #result(interrupted: boolean): TrainResult {
    return {
      model: this.#trained(this.#best?.tensors ?? this.#state),
      steps: this.#done,
      epochs: this.#epoch + (this.#inEpoch > 0 ? 1 : 0),
      skipped: this.#skipped,
      lastLoss: this.#lastLoss,
      validations: this.#validations,
      bestStep: this.#best?.step ?? this.#done,
      interrupted,
    };
  }
}

/** Another order in every round through the data. */
function epochSeed(seed: number, epoch: number): number {
  return (Math.imul(seed + 1, 0x9e3779b1) + epoch) >>> 0;
}

/** What decides the course of a training, as text; a checkpoint fits where it is equal. */
function courseOf(
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
