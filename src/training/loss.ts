import { type DType, isFloat } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import { type Dim, tensorType } from "../ir/type.js";
import { TRAINING_METHOD } from "../options/train.js";
import type { SymDim } from "../rules/dims.js";
import { axesBut, elementCount } from "../rules/gradient/sizes.js";
import { castLike, type GradientBuild, onesLike, scalarLike } from "../rules/gradient/support.js";
import { declaredDim } from "../rules/model-dims.js";
import { fromFront, normalAxis } from "../rules/shapes.js";
import { errors } from "./errors.js";

/** The loss that training minimizes. The conventions are PyTorch's, with the mean over the batch. */
export type Loss =
  | {
      /** Softmax cross-entropy, from logits [N, C, ...] and labels [N, ...] of int64, or probabilities in the shape of the logits. */
      readonly kind: "cross-entropy";
      /** A weight for the samples of each class. Default: all alike. */
      readonly classWeights?: readonly number[];
      /** Samples of this label do not count. Default: all count. */
      readonly ignoreIndex?: number;
      /** The part of the target that is spread over all classes, from 0 to 1. Default 0. */
      readonly labelSmoothing?: number;
      /** The labels are probabilities, one for each class. Default false. */
      readonly softLabels?: boolean;
      /** The axis of the classes in the output; negative ones count from the end. Default 1. */
      readonly classesAxis?: number;
    }
  | {
      /** Binary cross-entropy, from logits; the labels are probabilities in the shape of the output. */
      readonly kind: "bce";
    }
  | {
      /** The mean squared difference from labels in the shape of the output. */
      readonly kind: "mse";
    }
  | {
      /** The mean absolute difference from labels in the shape of the output. */
      readonly kind: "l1";
    }
  | {
      /** Huber loss: quadratic up to a difference of `delta`, linear beyond. */
      readonly kind: "huber";
      /** Above 0. Default 1. */
      readonly delta?: number;
    };

/** The name of a loss. */
export type LossKind = Loss["kind"];

/** All losses. */
export const LOSSES: readonly LossKind[] = TRAINING_METHOD.loss.choices;

/** The values of a loss in the graph. */
export interface LossValues {
  /** The input for the labels. */
  readonly labels: Value;
  /** A scalar. */
  readonly loss: Value;
  /** The part of the samples that the highest logit gets right; undefined for regressions. */
  readonly accuracy: Value | undefined;
  /** Adds the gradient that differentiation starts from: a value, and the gradient of the loss by this value. */
  readonly seed: () => readonly [value: Value, gradient: Value];
}

/** The activations at the end of a classifier that its loss includes, so that their saturation loses no gradient. */
const PEELED: Partial<Readonly<Record<LossKind, readonly StandardOperator[]>>> = {
  "cross-entropy": ["Softmax", "LogSoftmax"],
  bce: ["Sigmoid"],
};

/**
 * The value that the loss is computed from: the input of a Softmax or Sigmoid at the end, or else the output itself.
 * Throws "usage" for an output that is not of floating point.
 */
export function lossTarget(c: Pick<GradientBuild, "facts">, output: Value, loss: Loss): Value {
  const { kind } = loss;
  const dtype = c.facts.dtype(output);
  if (dtype === undefined || !isFloat(dtype)) {
    throw errors.lossNeedsFloatOutput(dtype).at({ element: output.name });
  }
  let target = output;
  while (target.producer?.is("Identity") === true) target = target.producer.input(0) ?? target;
  const node = target.producer;
  const input = node?.input(0);
  if (node === undefined || input === undefined || !node.is(...(PEELED[kind] ?? []))) return output;
  if (loss.kind === "bce") return input;
  const rank = c.facts.rank(input);
  const axis = node.int("axis", -1);
  const wanted = loss.kind === "cross-entropy" ? (loss.classesAxis ?? 1) : 1;
  // Along another axis it is no softmax over classes.
  const isOverClasses =
    axis === wanted || (rank !== undefined && fromFront(axis, rank) === fromFront(wanted, rank));
  return isOverClasses ? input : output;
}

/**
 * Adds the input for the labels and the loss of `target`. Throws "unsupported" for an output that the loss is not
 * defined on, "usage" for numbers of the loss that make no sense.
 */
export function addLoss(c: GradientBuild, target: Value, loss: Loss): LossValues {
  if (loss.kind === "cross-entropy") return crossEntropy(c, target, loss);
  const values = elementwise(c, target, loss);
  return { ...values, seed: () => [values.loss, onesLike(c, values.loss)] };
}

/** The number of classes that labels are numbers of; undefined for labels of another kind. */
export function classesOf(loss: Loss, shape: readonly SymDim[] | undefined): number | undefined {
  if (loss.kind !== "cross-entropy" || loss.softLabels === true) return undefined;
  const classes = shape?.[normalAxis(loss.classesAxis ?? 1, shape.length) ?? -1];
  return typeof classes === "number" ? classes : undefined;
}

type CrossEntropy = Extract<Loss, { kind: "cross-entropy" }>;

function crossEntropy(c: GradientBuild, output: Value, loss: CrossEntropy): LossValues {
  const logits = classesSecond(c, output, loss.classesAxis ?? 1);
  const shape = c.facts.shape(output);
  const axis = shape === undefined ? undefined : normalAxis(loss.classesAxis ?? 1, shape.length);
  const classes = axis === undefined ? undefined : shape?.[axis];
  if (shape === undefined || axis === undefined || typeof classes !== "number") {
    throw errors.crossEntropyNeedsClasses(loss.classesAxis ?? 1).at({ element: output.name });
  }
  assertCrossEntropy(loss, classes);
  const { build } = c;
  const places = shape.filter((_, index) => index !== axis).map(declaredDim);
  const { labels, wanted, weight, counts, says } =
    loss.softLabels === true
      ? softTargets(c, output, loss, classes)
      : hardTargets(c, logits, loss, classes, places);
  const logProbability = build.op("LogSoftmax", [logits], { axis: 1n }, "log_probabilities");
  const product = build.op("Mul", [wanted, logProbability]);
  const each = build.op("Neg", [build.op("ReduceSum", [product, build.ints([1])], { keepdims: 0n })]);
  const counted = counts === undefined ? each : build.op("Mul", [each, counts]);
  const mean =
    weight === undefined
      ? build.op("ReduceMean", [counted], { keepdims: 0n }, "loss")
      : build.op("Div", [total(c, counted), total(c, weight)], {}, "loss");
  const best = build.op("ArgMax", [logits], { axis: 1n, keepdims: 0n });
  const right = castLike(c, build.op("Equal", [best, says]), logits);
  const accuracy =
    counts === undefined
      ? build.op("ReduceMean", [right], { keepdims: 0n }, "accuracy")
      : build.op("Div", [total(c, build.op("Mul", [right, counts])), total(c, counts)], {}, "accuracy");
  const seed = (): readonly [Value, Value] => {
    if (weight !== undefined || loss.softLabels === true) return [mean, onesLike(c, mean)];
    // All targets of a sample together are 1: (softmax - targets) / samples, in a fifth of the operators of its parts.
    const surplus = build.op("Sub", [build.op("Exp", [logProbability]), wanted]);
    return [logits, build.op("Div", [surplus, elementCount(c, logits, axesBut(shape.length, 1))])];
  };
  return { labels, loss: mean, accuracy, seed };
}

function assertCrossEntropy(
  { classWeights, labelSmoothing = 0, softLabels, ignoreIndex }: CrossEntropy,
  classes: number,
): void {
  if (classWeights !== undefined && classWeights.length !== classes) {
    throw errors.classWeightsDoNotMatch(classWeights.length, classes);
  }
  const wrong = classWeights?.find((weight) => !(weight >= 0 && Number.isFinite(weight)));
  if (wrong !== undefined) throw errors.classWeightOutsideRange(wrong);
  if (classWeights?.every((weight) => weight === 0) === true) throw errors.classWeightOutsideRange(0);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw errors.labelSmoothingOutsideRange(labelSmoothing);
  }
  if (softLabels === true && ignoreIndex !== undefined) throw errors.softLabelsHaveNoIgnoredClass();
}

/** The logits with the classes along axis 1. */
function classesSecond(c: GradientBuild, output: Value, classesAxis: number): Value {
  const rank = c.facts.rank(output);
  const perm = rank === undefined ? undefined : classesToSecond(rank, classesAxis);
  return perm === undefined ? output : c.build.op("Transpose", [output], { perm });
}

/** The permutation that moves the classes to axis 1; undefined where they are there. */
function classesToSecond(rank: number, classesAxis: number): readonly number[] | undefined {
  const axis = normalAxis(classesAxis, rank);
  if (axis === undefined || axis === 1) return undefined;
  const [first = 0, ...others] = Array.from({ length: rank }, (_, at) => at).filter((at) => at !== axis);
  return [first, axis, ...others];
}

/** What a cross-entropy compares with, the classes along axis 1. */
interface Targets {
  readonly labels: Value;
  /** The probability of each class, times its weight. */
  readonly wanted: Value;
  /** The weight of each place, by which the loss is divided; undefined where all count as one. */
  readonly weight: Value | undefined;
  /** 1 for each place that counts, else 0; undefined where all do. */
  readonly counts: Value | undefined;
  /** The class that the labels say. */
  readonly says: Value;
}

function softTargets(
  c: GradientBuild,
  output: Value,
  { classWeights, labelSmoothing = 0, classesAxis = 1 }: CrossEntropy,
  classes: number,
): Targets {
  const { facts, build } = c;
  const shape = facts.shape(output) ?? [];
  const labels = addLabels(c, facts.dtype(output) ?? "float", shape.map(declaredDim));
  // The labels have the shape of the output, of which their facts are not known.
  const perm = classesToSecond(shape.length, classesAxis);
  const given = perm === undefined ? labels : build.op("Transpose", [labels], { perm });
  const says = build.op("ArgMax", [given], { axis: 1n, keepdims: 0n });
  const kept =
    labelSmoothing === 0
      ? given
      : build.op("Add", [
          build.op("Mul", [given, scalarLike(c, 1 - labelSmoothing, output)]),
          scalarLike(c, labelSmoothing / classes, output),
        ]);
  const wanted =
    classWeights === undefined ? kept : build.op("Mul", [kept, weightsAlongClasses(c, output, classWeights)]);
  // PyTorch divides by the number of places, whatever the weights.
  return { labels, wanted, weight: undefined, counts: undefined, says };
}

function hardTargets(
  c: GradientBuild,
  logits: Value,
  { classWeights, ignoreIndex, labelSmoothing = 0 }: CrossEntropy,
  classes: number,
  places: readonly Dim[],
): Targets {
  const { facts, build } = c;
  const labels = addLabels(c, "int64", places);
  const valid =
    ignoreIndex === undefined
      ? undefined
      : build.op("Not", [build.op("Equal", [labels, build.int(ignoreIndex)])]);
  const safe = valid === undefined ? labels : build.op("Where", [valid, labels, build.int(0)]);
  const dtype = facts.dtype(logits) === "double" ? "double" : "float";
  const off = labelSmoothing / classes;
  const on = 1 - labelSmoothing + off;
  let wanted: Value;
  if (dtype === "float") {
    const values = build.constant(tensorFromNumbers(dtype, [2], [off, on]), "target_values");
    wanted = build.op("OneHot", [safe, build.int(classes), values], { axis: 1n }, "targets");
  } else {
    // onnxruntime has no OneHot of float64.
    const numbers = Array.from({ length: classes }, (_, index) => index);
    const along = places.slice(1).map(() => 1);
    const each = build.constant(tensorFromNumbers("int64", [classes, ...along], numbers), "classes");
    const hits = build.op("Equal", [build.op("Unsqueeze", [safe, build.ints([1])]), each]);
    const [hit, miss] = [scalarLike(c, on, logits), scalarLike(c, off, logits)];
    wanted = build.op("Where", [hits, hit, miss], {}, "targets");
  }
  let weight: Value | undefined;
  if (classWeights !== undefined) {
    const weights = build.constant(tensorFromNumbers(dtype, [classes], classWeights), "class_weights");
    weight = build.op("Gather", [weights, safe]);
    wanted = build.op("Mul", [wanted, weightsAlongClasses(c, logits, classWeights)]);
  }
  const counts = valid === undefined ? undefined : castLike(c, valid, logits);
  if (counts !== undefined) weight = weight === undefined ? counts : build.op("Mul", [weight, counts]);
  return { labels, wanted, weight, counts, says: labels };
}

function elementwise(
  c: GradientBuild,
  output: Value,
  loss: Exclude<Loss, { kind: "cross-entropy" }>,
): Omit<LossValues, "seed"> {
  const { facts, build } = c;
  const dtype = facts.dtype(output) ?? "float";
  const labels = addLabels(c, dtype, facts.shape(output)?.map(declaredDim));
  const mean = (value: Value, name: string): Value => build.op("ReduceMean", [value], { keepdims: 0n }, name);
  if (loss.kind === "bce") {
    // log(1 + e^z) - z t: onnxruntime's Softplus does not overflow, and its gradient at 0 is exact.
    const each = build.op("Sub", [build.op("Softplus", [output]), build.op("Mul", [output, labels])]);
    const says = build.op("Greater", [output, scalarLike(c, 0, output)]);
    const wants = build.op("Greater", [labels, scalarLike(c, 0.5, output)]);
    const right = castLike(c, build.op("Equal", [says, wants]), output);
    return { labels, loss: mean(each, "loss"), accuracy: mean(right, "accuracy") };
  }
  const difference = build.op("Sub", [output, labels]);
  if (loss.kind === "mse") {
    return { labels, loss: mean(build.op("Mul", [difference, difference]), "loss"), accuracy: undefined };
  }
  const distance = build.op("Abs", [difference]);
  if (loss.kind === "l1") return { labels, loss: mean(distance, "loss"), accuracy: undefined };
  const { delta = 1 } = loss;
  if (!(delta > 0)) throw errors.huberDeltaOutsideRange(delta);
  // q (a - q/2) with q = min(a, delta): a^2/2 up to delta, delta (a - delta/2) beyond.
  const near = build.op("Min", [distance, scalarLike(c, delta, output)]);
  const rest = build.op("Sub", [distance, build.op("Mul", [near, scalarLike(c, 0.5, output)])]);
  return { labels, loss: mean(build.op("Mul", [near, rest]), "loss"), accuracy: undefined };
}

/** One weight for each class, along axis 1 of the logits. */
function weightsAlongClasses(
  { facts, build }: GradientBuild,
  logits: Value,
  weights: readonly number[],
): Value {
  const dtype = facts.dtype(logits) === "double" ? "double" : "float";
  const along = (facts.shape(logits) ?? []).slice(2).map(() => 1);
  return build.constant(tensorFromNumbers(dtype, [weights.length, ...along], weights), "class_weights");
}

function addLabels({ build }: GradientBuild, dtype: DType, shape: readonly Dim[] | undefined): Value {
  return build.graph.addInput({ name: build.graph.freshName("labels"), type: tensorType(dtype, shape) });
}

function total({ build }: GradientBuild, value: Value): Value {
  return build.op("ReduceSum", [value], { keepdims: 0n });
}
