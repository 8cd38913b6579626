import { createFacts } from "../analysis/fact-table.js";
import { present } from "../base/assert.js";
import { ownNormalizations } from "../batchnorm/layers.js";
import { differentiateGraph } from "../gradient/differentiate-graph.js";
import { errors as gradientErrors } from "../gradient/errors.js";
import { raiseForGradients } from "../gradient/raise-for-gradients.js";
import { Builder } from "../ir/builder.js";
import { cloneModel } from "../ir/clone.js";
import type { Graph, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { pruneUnread } from "../ir/prune.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { type Dim, tensorType } from "../ir/type.js";
import { valuesByName } from "../ir/values-by-name.js";
import type { Facts } from "../rules/facts.js";
import { type GradientBuild, scalarLike } from "../rules/gradient/support.js";
import { declaredDim } from "../rules/model-dims.js";
import { errors } from "./errors.js";
import { addLoss, classesOf, type Loss, lossTarget } from "./loss.js";
import {
  type BatchStatistics,
  keepFrozenStatistics,
  trackNormalizations,
  writeOutDense,
} from "./normalization.js";
import { type Hyperparameters, type Optimizer, usesMoments, usesMomentum } from "./optimizer.js";
import { becomeInput, dropTrainingInfo, type Parameter, trainableParameters } from "./parameters.js";
import {
  type Carried,
  parameterPacks,
  type StateTensor,
  StateUpdates,
  updateMovingAverages,
  updateParameters,
} from "./state-updates.js";

/** How a step trains. */
export interface TrainingStepOptions {
  /** The loss to minimize. */
  readonly loss: Loss;
  /** How the parameters follow their gradients. */
  readonly optimizer: Optimizer;
  /** The output that the loss is of. Default: the first. */
  readonly output?: string;
  /** True for the names of parameters and running statistics that stay as they are. Default: none. */
  readonly freeze?: (name: string) => boolean;
  /** True for the names of constants that are trained although they look like buffers. Default: none. */
  readonly train?: (name: string) => boolean;
  /** What weight decay applies to: weights and tables, or all parameters. Default "weights". */
  readonly decay?: "weights" | "all";
  /**
   * Which BatchNormalizations use the statistics of their batch. Default "all"; "training" leaves inference forms as
   * they are.
   */
  readonly batchStatistics?: BatchStatistics;
  /** Scale gradients down so that the norm of all of them together is at most this. Default: no limit. */
  readonly clipNorm?: number;
  /** Names of computed values of the network to give as further outputs. */
  readonly probes?: readonly string[];
  /** False leaves weight decay out, which saves two operators a weight. Default true. */
  readonly withDecay?: boolean;
  /**
   * True (default): the graph itself keeps the old state where loss or gradients are not finite. False: the caller
   * drops the new state where "finite" is false, which saves a copy of every tensor.
   */
  readonly guarded?: boolean;
}

/** One step of training as a model: inputs are a batch and the state, outputs the new state and a few scalars. */
export interface TrainingStep {
  /** The graph of the step. */
  readonly model: Model;
  /** The inputs of the network. */
  readonly inputs: readonly string[];
  /** The input for the labels. */
  readonly labels: string;
  /** The number of classes; undefined for losses without classes. */
  readonly classes: number | undefined;
  /** Parameters, tensors of the optimizer, the number of steps and running statistics, in this order. */
  readonly state: readonly StateTensor[];
  /** The names of scalar inputs; undefined for those that the optimizer does not use. */
  readonly hyperparameters: {
    /** The learning rate. */
    readonly learningRate: string;
    /** The weight decay. */
    readonly weightDecay: string | undefined;
    /** The momentum of momentum and nesterov. */
    readonly momentum: string | undefined;
  };
  /** The names of scalar outputs. */
  readonly outputs: {
    /** The loss of the batch, before the step. */
    readonly loss: string;
    /** The part of the samples that are right, from 0 to 1; undefined for regressions. */
    readonly accuracy: string | undefined;
    /** The norm of all gradients together, before they are clipped. */
    readonly gradientNorm: string;
    /**
     * A boolean: false for a step whose loss or gradients were not finite. The state then stays, or is to be dropped
     * (`guarded`).
     */
    readonly finite: string;
  };
  /** The further outputs, by the names of the probed values. */
  readonly probes: ReadonlyMap<string, string>;
}

/**
 * Builds the step graph for a network: forward, loss, gradients, the optimizer's update, and the moving averages of
 * every BatchNormalization in training form (ONNX's convention: momentum weighs the old value, the variance is the
 * batch's biased one). Only operators of the standard domain are used. The model stays as it is.
 *
 * Throws NormfoldError "usage" for options that make no sense, "unsupported" for operators without a gradient.
 */
export function buildTrainingStep(model: Model, options: TrainingStepOptions): TrainingStep {
  const copy = cloneModel(model);
  dropTrainingInfo(copy);
  ownNormalizations(copy);
  raiseForGradients(copy);
  const { graph } = copy;
  const inputs = graph.inputs
    .filter((value) => !value.isConstant && value.tensor === undefined)
    .map(({ name }) => name);
  if (options.freeze !== undefined) keepFrozenStatistics(copy, options.freeze);
  const tracked = trackNormalizations(graph, options.batchStatistics ?? "all", options.freeze);
  const output = outputNamed(graph, options.output);
  const before = createFacts(copy);
  const target = lossTarget({ facts: before }, output, options.loss);
  const parameters = trainableParameters(graph, target, before, options).map(
    (parameter): Parameter => ({
      ...parameter,
      value: becomeInput(graph, parameter.value, parameter.tensor),
    }),
  );

  const facts = createFacts(copy);
  const build = new Builder(graph, { prefix: "step_" });
  const c: GradientBuild = { facts, build };
  const { labels, loss, accuracy, seed } = addLoss(c, target, options.loss);
  const renewed = new Map<Value, Value>();
  build.prefix = "grad_";
  const gradients = differentiateGraph({
    facts,
    build,
    seeds: new Map([seed()]),
    wrt: parameters.map(({ value }) => value),
    renewed,
  });
  build.prefix = "step_";
  const gradientOf = ({ value }: Parameter): Value =>
    present(gradients.get(value), `"${value.name}" has a gradient`);
  const packs = parameterPacks(c, parameters, gradientOf);
  const norm = globalNorm(
    c,
    packs.map(({ gradient }) => gradient),
    loss,
  );
  const finite = allFinite(c, norm, renewed.get(loss) ?? loss);
  const factor = options.clipNorm === undefined ? undefined : clipFactor(c, norm, options.clipNorm);

  const hyper = addHyperparameters(c, loss, options.optimizer, parameters);
  const updates = new StateUpdates(c, (options.guarded ?? true) ? finite : undefined);
  const { optimizer, withDecay } = options;
  const trained = updateParameters(c, updates, parameters, packs, hyper, { optimizer, withDecay, factor });
  const counted = hyper.count === undefined ? [] : [addCount(c, updates, hyper.count, loss)];
  const averaged = updateMovingAverages(c, updates, tracked, renewed);
  const { state, results } = updates.inOrder([...trained, ...counted, ...averaged]);

  const latest = (value: Value): Value => renewed.get(value) ?? value;
  const computed = valuesByName(graph);
  const probes = (options.probes ?? []).map((name) => {
    const found = computed.get(name);
    if (found?.producer === undefined) throw gradientErrors.valueIsNotInModel(name);
    const probe = build.op("Identity", [found], {}, `${name}_probe`);
    return { name, value: declareLike(probe, facts, found) };
  });
  const watched = [latest(loss), accuracy === undefined ? undefined : latest(accuracy), norm, finite];
  for (const value of watched) if (value !== undefined) declareLike(value, facts, value);
  const scalars = watched.filter((value) => value !== undefined);
  graph.setOutputs([...scalars, ...results, ...probes.map(({ value }) => value)]);
  writeOutDense(graph, facts);
  pruneUnread(graph);
  const isUsed = (value: Value | undefined): string | undefined =>
    value === undefined || value.uses.size === 0 ? undefined : value.name;
  const weightDecay = isUsed(hyper.weightDecay);
  if (weightDecay === undefined) graph.removeInput(hyper.weightDecay);
  const shape = facts.shape(target);
  return {
    model: copy,
    inputs,
    labels: labels.name,
    classes: classesOf(options.loss, shape),
    state,
    hyperparameters: {
      learningRate: hyper.learningRate.name,
      weightDecay,
      momentum: hyper.momentum?.name,
    },
    outputs: {
      loss: latest(loss).name,
      accuracy: accuracy === undefined ? undefined : latest(accuracy).name,
      gradientNorm: norm.name,
      finite: finite.name,
    },
    probes: new Map(probes.map(({ name, value }) => [name, value.name])),
  };
}

/** Gives a copy of the model with other constants, by name: parameters and statistics after training. */
export function withConstants(model: Model, constants: ReadonlyMap<string, Tensor>): Model {
  const copy = cloneModel(model);
  for (const value of copy.graph.initializers) {
    const tensor = constants.get(value.name);
    if (tensor !== undefined) value.replaceTensor(tensor);
  }
  return copy;
}

/** The output of that name, or the first. Throws "usage" where there is none. `whose` names the model in the error. */
export function outputNamed(graph: Graph, name: string | undefined, whose = "the model"): Value {
  const found = name === undefined ? graph.outputs[0] : graph.outputs.find((value) => value.name === name);
  if (found !== undefined) return found;
  const known = graph.outputs.map((value) => value.name);
  throw errors.noSuchOutput(whose, name, known);
}

/** Declares the type and shape of an output of the graph. */
function declareLike(value: Value, facts: Facts, like: Value): Value {
  const dtype = facts.dtype(like) ?? "float";
  const shape = facts.shape(like)?.map((dim): Dim => declaredDim(dim));
  value.info = { name: value.name, type: tensorType(dtype, shape) };
  return value;
}

function globalNorm(c: GradientBuild, gradients: readonly Value[], loss: Value): Value {
  const { build } = c;
  const squares = gradients.map((gradient) => build.op("ReduceSumSquare", [gradient], { keepdims: 0n }));
  const [only] = squares;
  if (only === undefined) return scalarLike(c, 0, loss);
  return build.op("Sqrt", [squares.length === 1 ? only : build.op("Sum", squares)], {}, "gradient_norm");
}

function allFinite({ build }: GradientBuild, norm: Value, loss: Value): Value {
  const both = build.op("Add", [norm, loss]);
  const bad = build.op("Or", [build.op("IsNaN", [both]), build.op("IsInf", [both])]);
  return build.op("Not", [bad], {}, "finite");
}

function clipFactor(c: GradientBuild, norm: Value, limit: number): Value {
  if (!(limit > 0)) throw errors.clipNormOutsideRange(limit);
  const { build } = c;
  const wanted = build.op("Div", [
    scalarLike(c, limit, norm),
    build.op("Add", [norm, scalarLike(c, 1e-6, norm)]),
  ]);
  return build.op("Min", [wanted, scalarLike(c, 1, norm)]);
}

function addHyperparameters(
  c: GradientBuild,
  loss: Value,
  optimizer: Optimizer,
  parameters: readonly Parameter[],
): Hyperparameters {
  const { graph } = c.build;
  const dtype = parameters[0]?.tensor.dtype ?? c.facts.dtype(loss) ?? "float";
  const scalar = (name: string): Value =>
    graph.addInput({ name: graph.freshName(name), type: tensorType(dtype, []) });
  return {
    learningRate: scalar("learning_rate"),
    weightDecay: scalar("weight_decay"),
    momentum: usesMomentum(optimizer) ? scalar("momentum") : undefined,
    count: usesMoments(optimizer) ? scalar("step_count") : undefined,
  };
}

/** The number of steps made. */
function addCount(c: GradientBuild, updates: StateUpdates, input: Value, loss: Value): Carried {
  const dtype = loss.type?.kind === "tensor" ? loss.type.dtype : (c.facts.dtype(loss) ?? "float");
  const count: Carried = { kind: "count", input, initial: tensorFromNumbers(dtype, [], [0]) };
  updates.keep([count], input, c.build.op("Add", [input, scalarLike(c, 1, input)]));
  return count;
}
