import { dtypeCode } from "../../ir/dtype.js";
import type { Value } from "../../ir/graph.js";
import { tensorFromNumbers } from "../../ir/tensor.js";
import type { FacetTable } from "../../rules/facet.js";
import type { GradientContext, GradientRule } from "../../rules/gradient/rule.js";
import { sizesOf } from "../../rules/gradient/sizes.js";
import { scalarLike } from "../../rules/gradient/support.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

interface Targets {
  /** The gradient of each label's loss, [N, 1, ...]: the gradient of the result times the weight of the label. */
  readonly share: Value;
  /** 1 at the class of each label, [N, C, ...]. */
  readonly oneHot: Value;
}

/** The loss of a label is -weight[label] * (logarithm of its probability); of an ignored one it is 0. */
function targetsOf(c: GradientContext, g: Value): Targets {
  const { build, node, facts } = c;
  const scores = c.input(0);
  const ignored = node.int("ignore_index");
  const given = c.input(1);
  let labels =
    facts.dtype(given) === "int64" ? given : build.op("Cast", [given], { to: BigInt(dtypeCode("int64")) });
  const zero = scalarLike(c, 0, scores);
  let counts: Value | undefined;
  let isIgnored: Value | undefined;
  if (ignored !== undefined) {
    isIgnored = build.op("Equal", [labels, build.int(ignored)]);
    // An ignored label need not be a class; class 0 stands in for it.
    labels = build.op("Where", [isIgnored, build.int(0), labels]);
  }
  if (node.input(2) !== undefined) counts = build.op("Gather", [c.input(2), labels], { axis: 0n });
  if (isIgnored !== undefined) {
    counts = build.op("Where", [isIgnored, zero, counts ?? scalarLike(c, 1, scores)]);
  }
  const classes = build.op("Squeeze", [sizesOf(c, scores, 1, 2), build.ints([0])]);
  const dtype = facts.dtype(scores);
  const isOther = dtype !== "float" && dtype !== "double";
  const values = build.constant(tensorFromNumbers(isOther ? "float" : dtype, [2], [0, 1]));
  const hot = build.op("OneHot", [labels, classes, values], { axis: 1n });
  const oneHot = isOther ? build.op("CastLike", [hot, scores]) : hot;
  return { share: build.op("Unsqueeze", [shareOf(c, g, labels, counts), build.ints([1])]), oneHot };
}

function shareOf(c: GradientContext, g: Value, labels: Value, counts: Value | undefined): Value {
  const { build, node, facts } = c;
  const reduction = node.string("reduction", "mean");
  if (reduction === "none") return counts === undefined ? g : build.op("Mul", [g, counts]);
  if (counts !== undefined) {
    if (reduction === "sum") return build.op("Mul", [g, counts]);
    return build.op("Mul", [build.op("Div", [g, build.op("ReduceSum", [counts], { keepdims: 0n })]), counts]);
  }
  // One number for all labels, with an axis in front of the class axis.
  const one = build.op("Reshape", [g, build.ints([1])]);
  if (reduction === "sum") return one;
  const size = facts.staticShape(labels)?.reduce((count, dim) => count * dim, 1);
  if (size !== undefined) return build.op("Mul", [one, scalarLike(c, 1 / size, g)]);
  return build.op("Div", [one, build.op("CastLike", [build.op("Size", [labels]), g])]);
}

/** dscores = share * (probabilities - one-hot labels), plus the gradient of LogSoftmax where the logarithms have a gradient. */
const softmaxCrossEntropy: GradientRule = (c) => {
  const { build } = c;
  if (c.needs(2)) return refusals.classWeightsHaveNoGradient();
  if (!c.needs(0)) return [];
  const logarithms = c.forwardOutput(1);
  const probabilities = build.op("Exp", [logarithms]);
  const [g, gLogarithms] = [c.grad(0), c.grad(1)];
  let dx: Value | undefined;
  if (g !== undefined) {
    const { share, oneHot } = targetsOf(c, g);
    dx = build.op("Mul", [share, build.op("Sub", [probabilities, oneHot])]);
  }
  if (gLogarithms !== undefined) {
    const sum = build.op("ReduceSum", [gLogarithms, build.ints([1])], { keepdims: 1n });
    const through = build.op("Sub", [gLogarithms, build.op("Mul", [probabilities, sum])]);
    dx = dx === undefined ? through : build.op("Add", [dx, through]);
  }
  return [dx];
};

const negativeLogLikelihood: GradientRule = (c) => {
  const g = c.grad(0);
  if (c.needs(2)) return refusals.classWeightsHaveNoGradient();
  if (g === undefined || !c.needs(0)) return [];
  const { share, oneHot } = targetsOf(c, g);
  return [c.build.op("Neg", [c.build.op("Mul", [share, oneHot])])];
};

export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  NegativeLogLikelihoodLoss: negativeLogLikelihood,
  SoftmaxCrossEntropyLoss: softmaxCrossEntropy,
};
