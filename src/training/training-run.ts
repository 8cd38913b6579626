import { defined } from "../base/optional.js";
import { errors as batchnormErrors } from "../batchnorm/errors.js";
import { freeze } from "../batchnorm/freeze.js";
import type { LayeredNormalizations } from "../batchnorm/layers.js";
import type { OwnConstant } from "../batchnorm/own-constants.js";
import type { Batch } from "../data/dataset.js";
import type { Model } from "../ir/model.js";
import { Tensor, tensorFromBytes } from "../ir/tensor.js";
import type { RuntimeTensor, TensorMap } from "../runtime/runtime.js";
import { BatchMemory } from "./batch-memory.js";
import { errors } from "./errors.js";
import { evaluateModel } from "./evaluation.js";
import { assertLabels, labelsOf } from "./labels.js";
import { scalarOf } from "./scalar-output.js";
import { learningRateAt } from "./schedule.js";
import { type TrainingStep, withConstants } from "./step.js";
import { hyperparameterFeeds, type StepCalls } from "./step-calls.js";
import { type Checkpoint, courseOf, type TrainOptions, type Validation } from "./train-options.js";

/** A parameter that was trained. */
export interface TrainedParameter {
  /** The name of the initializer. */
  readonly name: string;
  /** The number of its elements. */
  readonly size: number;
  /**
   * How many inputs of nodes read it. Exporters merge parameters with equal initial values, and these are then trained
   * as one.
   */
  readonly readers: number;
}

/** The end of a training. */
export interface TrainResult extends TrainingCourse, LayeredNormalizations {
  /** The constants that `untie` parted. */
  readonly untied: readonly OwnConstant[];
  /** The names of each constant that several nodes read, and that was trained as one or not at all. */
  readonly tied: readonly (readonly string[])[];
}

/** How the steps of a training went. */
export interface TrainingCourse {
  /**
   * The model with its trained parameters and moving averages: those that did best on `valid`, or else the last ones.
   */
  readonly model: Model;
  /** The parameters that were trained. */
  readonly trained: readonly TrainedParameter[];
  /** The names of the running statistics that followed the batches. */
  readonly averaged: readonly string[];
  /** The number of steps made. */
  readonly steps: number;
  /** The number of rounds through the data, with a partial last one. */
  readonly epochs: number;
  /** The number of batches that changed nothing because their loss or gradients were not finite. */
  readonly skipped: number;
  /** The loss of the last batch; NaN where no step was made. */
  readonly lastLoss: number;
  /** All validations, in their order. */
  readonly validations: readonly Validation[];
  /** The number of steps after which the model had these parameters. */
  readonly bestStep: number;
  /** True where `signal` ended the training. */
  readonly interrupted: boolean;
}

/** The training ends as diverged after this many bad batches in a row. */
const MAX_BAD_BATCHES = 20;

/** A step whose batch was drawn and that is not made yet. */
interface PlannedStep {
  readonly feeds: TensorMap;
  readonly rate: number;
}

/** One training, from its first step or a checkpoint to its end. */
export class TrainingRun {
  readonly #model: Model;
  readonly #step: TrainingStep;
  readonly #calls: StepCalls;
  readonly #options: TrainOptions;
  readonly #course: string;
  readonly #validations: Validation[] = [];
  readonly #memory: BatchMemory;
  #state: Map<string, RuntimeTensor>;
  #best: Checkpoint["best"];
  #done = 0;
  #epoch = 0;
  /** The number of batches of this round. */
  #inEpoch = 0;
  #skipped = 0;
  #badInRow = 0;
  #lastLoss = Number.NaN;

  constructor(model: Model, step: TrainingStep, calls: StepCalls, options: TrainOptions) {
    this.#model = model;
    this.#step = step;
    this.#calls = calls;
    this.#options = options;
    this.#course = courseOf(step, options);
    this.#memory = new BatchMemory(options.stepsPerCall ?? 1);
    this.#state = new Map(
      step.state.map(({ name, initial: { dtype, dims, ...initial } }) => [
        name,
        { dtype, dims, data: new Tensor(dtype, dims, initial.data).bytes() },
      ]),
    );
    if (options.resume !== undefined) this.#goOnFrom(options.resume);
  }

  #goOnFrom({ step, epoch, batch, course, tensors, best }: Checkpoint): void {
    if (course !== this.#course) throw errors.checkpointOfOtherTraining();
    const lacking = this.#step.state.find(({ name, initial }) => {
      const tensor = tensors.get(name);
      return tensor?.dtype !== initial.dtype || tensor.dims.join() !== initial.dims.join();
    });
    if (lacking !== undefined) throw errors.checkpointLacksTensor(lacking.name);
    this.#done = step;
    this.#epoch = epoch;
    this.#inEpoch = batch;
    this.#state = new Map(tensors);
    this.#best = best;
  }

  async toTheEnd(): Promise<TrainingCourse> {
    const { data, batchSize, signal, seed = 0, order = "random" } = this.#options;
    const perEpoch = data.size === undefined ? undefined : Math.floor(data.size / batchSize);
    const total =
      this.#options.steps ??
      (perEpoch === undefined ? Number.POSITIVE_INFINITY : perEpoch * (this.#options.epochs ?? 1));
    const lastEpoch = this.#options.epochs ?? Number.POSITIVE_INFINITY;
    while (this.#done < total && this.#epoch < lastEpoch && !signal?.aborted) {
      const drawing = {
        size: batchSize,
        ...(order === "random" ? { seed: epochSeed(seed, this.#epoch) } : {}),
        dropLast: true,
        skip: this.#inEpoch,
        memory: this.#memory.take,
      };
      const drawn: PlannedStep[] = [];
      for await (const batch of data.batches(drawing)) {
        drawn.push(this.#feedsOf(batch, this.#done + drawn.length, total));
        if (drawn.length < this.#room(total)) continue;
        if (await this.#make(drawn.splice(0), total)) break;
      }
      if (drawn.length > 0) await this.#make(drawn, total);
      if (this.#inEpoch === 0) throw batchnormErrors.dataIsSmallerThanBatch(undefined, batchSize);
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

  /** The number of steps for the next call, up to the next validation or checkpoint. */
  #room(total: number): number {
    const { stepsPerCall = 1, validateEvery, checkpointEvery } = this.#options;
    const until = (every = Number.POSITIVE_INFINITY): number => every - (this.#done % every);
    return Math.min(stepsPerCall, total - this.#done, until(validateEvery), until(checkpointEvery));
  }

  #feedsOf({ tensors, places }: Batch, at: number, total: number): PlannedStep {
    const { learningRate, schedule = { kind: "constant" }, loss, weightDecay, momentum } = this.#options;
    const labels = labelsOf(tensors, this.#step.model, this.#step.labels);
    assertLabels(labels, loss, this.#step.classes, places);
    const rate = learningRateAt(schedule, learningRate, at, total);
    const hyper = { rate, weightDecay: weightDecay ?? 0, momentum: momentum ?? 0.9 };
    const inputs = this.#step.inputs.flatMap((name) => {
      const tensor = tensors.get(name);
      return tensor === undefined ? [] : [[name, tensor] as const];
    });
    const feeds = new Map([
      ...inputs,
      [this.#step.labels, labels] as const,
      ...hyperparameterFeeds(this.#step, hyper),
    ]);
    return { feeds, rate };
  }

  /** Makes the steps. True where the training ends with them. */
  async #make(planned: readonly PlannedStep[], total: number): Promise<boolean> {
    const results = await this.#calls.run(
      planned.map(({ feeds }) => feeds),
      this.#state,
    );
    this.#memory.release();
    results.forEach((result, index) => {
      this.#account(result, planned[index]?.rate ?? 0, total);
    });
    if (this.#done >= total) return true;
    // A validation that is due comes before a stop, so that a resumed training chooses its best among the same steps.
    await this.#watch(this.#done % (this.#options.validateEvery ?? Number.POSITIVE_INFINITY) === 0);
    return this.#options.signal?.aborted ?? false;
  }

  #account(results: TensorMap, rate: number, total: number): void {
    const { outputs } = this.#step;
    const finite = scalarOf(results, outputs.finite) === 1;
    this.#lastLoss = scalarOf(results, outputs.loss);
    this.#done++;
    this.#inEpoch++;
    this.#badInRow = finite ? 0 : this.#badInRow + 1;
    if (!finite) this.#skipped++;
    if (this.#badInRow === MAX_BAD_BATCHES) {
      throw errors.trainingDiverged(MAX_BAD_BATCHES, this.#done);
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

  /** Validates where it is due, and saves a checkpoint with that or at its own interval. */
  async #watch(isDue: boolean): Promise<void> {
    if (isDue) await this.#validate();
    const { checkpointEvery } = this.#options;
    if (checkpointEvery === undefined ? isDue : this.#done % checkpointEvery === 0) await this.#save();
  }

  async #validate(): Promise<void> {
    const { valid, loss, output, batchSize, runtime, threads } = this.#options;
    if (valid === undefined || this.#validations.at(-1)?.step === this.#done) return;
    const { model } = freeze(this.#trained(this.#state));
    // Without the signal, so that a validation under way is finished before the checkpoint.
    const evaluation = await evaluateModel(model, valid, {
      loss,
      batchSize,
      runtime,
      ...defined({ output, threads }),
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

  /** The model that was given, with these parameters and moving averages. */
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

  #parameters(): readonly TrainedParameter[] {
    const values = new Map([...this.#model.graph.initializers].map((value) => [value.name, value]));
    return this.#step.state.flatMap(({ name, kind, initial }) => {
      if (kind !== "parameter") return [];
      // Other uses belong to a training_info.
      const uses = [...(values.get(name)?.uses ?? [])].filter((use) => use.kind === "node");
      return [{ name, size: initial.size, readers: uses.length }];
    });
  }

  #result(interrupted: boolean): TrainingCourse {
    return {
      model: this.#trained(this.#best?.tensors ?? this.#state),
      trained: this.#parameters(),
      averaged: this.#step.state.flatMap(({ name, kind }) => (kind === "statistic" ? [name] : [])),
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

/** The seed of a round, so that every round through the data has another order. */
function epochSeed(seed: number, epoch: number): number {
  return (Math.imul(seed + 1, 0x9e3779b1) + epoch) >>> 0;
}
