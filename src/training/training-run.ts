import { defined } from "../base/optional.js";
import { errors as batchnormErrors } from "../batchnorm/errors.js";
import { freeze } from "../batchnorm/freeze.js";
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

/** A parameter that a training moves. */
export interface TrainedParameter {
  readonly name: string;
  /** The numbers in it. */
  readonly size: number;
  /** How many inputs of nodes read it. Exporters make one of parameters that begin alike; trained, they stay one. */
  readonly readers: number;
}

export interface TrainResult {
  /**
   * The model that was given, with trained parameters and moving averages for statistics; the best on `valid` where
   * that is given.
   */
  readonly model: Model;
  readonly trained: readonly TrainedParameter[];
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

/** A step that was drawn and is not made yet. */
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
  /** Batches of this round that are done. */
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
        memory: this.#memory.take,
      };
      const drawn: PlannedStep[] = [];
      for await (const batch of data.batches(order)) {
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

  /** Steps to make before something else is due. */
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

  /** True when the training ends here. */
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
    // Before it stops as well: a run that goes on later has chosen its best among the same steps.
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

  #parameters(): readonly TrainedParameter[] {
    const values = new Map([...this.#model.graph.initializers].map((value) => [value.name, value]));
    return this.#step.state.flatMap(({ name, kind, initial }) => {
      if (kind !== "parameter") return [];
      // A training_info that the model brings holds on to its parameters too.
      const uses = [...(values.get(name)?.uses ?? [])].filter((use) => use.kind === "node");
      return [{ name, size: initial.size, readers: uses.length }];
    });
  }

  #result(interrupted: boolean): TrainResult {
    return {
      model: this.#trained(this.#best?.tensors ?? this.#state),
      trained: this.#parameters(),
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
