import { isFloat } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { TRAINING_METHOD } from "../options/train.js";
import type { SymDim } from "../rules/dims.js";
import { castLike, type GradientBuild, onesLike, scalarLike } from "../rules/gradient/support.js";
import { declaredDim } from "../rules/model-dims.js";
import { fromFront, normalAxis } from "../rules/shapes.js";
import { crossEntropy } from "./cross-entropy.js";
import { errors } from "./errors.js";
import { addLabels } from "./labels.js";

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
