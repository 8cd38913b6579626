import type { Value } from "../ir/graph.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import type { Dim } from "../ir/type.js";
import { axesBut, elementCount } from "../rules/gradient/sizes.js";
import { castLike, type GradientBuild, onesLike, scalarLike } from "../rules/gradient/support.js";
import { declaredDim } from "../rules/model-dims.js";
import { normalAxis } from "../rules/shapes.js";
import { errors } from "./errors.js";
import { addLabels } from "./labels.js";
import type { Loss, LossValues } from "./loss.js";

type CrossEntropy = Extract<Loss, { kind: "cross-entropy" }>;

/** Adds softmax cross-entropy, PyTorch's with the mean over the batch. Throws as addLoss does. */
export function crossEntropy(c: GradientBuild, output: Value, loss: CrossEntropy): LossValues {
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

function total({ build }: GradientBuild, value: Value): Value {
  return build.op("ReduceSum", [value], { keepdims: 0n });
}
