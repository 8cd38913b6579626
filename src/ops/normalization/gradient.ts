import type { Value } from "../../ir/graph.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { GradientContext, GradientRule } from "../../rules/gradient/rule.js";
import { axesBut, range } from "../../rules/gradient/sizes.js";
import { reshapeLike, scalarLike, sumTo } from "../../rules/gradient/support.js";
import { refusals as shared } from "../../rules/refusals.js";
import { batchNormalization } from "./gradient-batch.js";
import { localResponse } from "./gradient-local.js";
import {
  inverseDeviation,
  meanOver,
  momentsOf,
  normalized,
  sumOver,
  throughMoments,
} from "./gradient-moments.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** The axes from `axis` on. */
function trailingAxes({ node, facts }: GradientContext, x: Value): readonly number[] | undefined {
  const axis = node.int("axis", -1);
  if (axis < 0) return range(-axis).map((offset) => axis + offset);
  const rank = facts.rank(x);
  return rank === undefined ? undefined : range(rank).slice(axis);
}

const layerNormalization: GradientRule = (c) => {
  const { build, facts } = c;
  if (c.grad(1) !== undefined || c.grad(2) !== undefined) {
    return refusals.meanOutputsHaveNoGradient();
  }
  const g = c.grad(0);
  if (g === undefined) return [];
  const [x, scale] = [c.input(0), c.input(1)];
  const axes = trailingAxes(c, x);
  if (axes === undefined) return shared.inputRankIsUnknown();
  const bias = c.needs(2) ? sumTo(c, g, c.input(2), x) : undefined;
  if (!c.needs(0) && !c.needs(1)) return [undefined, undefined, bias];
  // onnxruntime returns the statistics in float. Only for float inputs did it compute them in the same type.
  const isFloat = facts.dtype(x) === "float" && c.node.int("stash_type", 1) === 1;
  const moments = isFloat
    ? { centred: build.op("Sub", [x, c.forwardOutput(1)]), inverse: c.forwardOutput(2) }
    : momentsOf(c, x, axes);
  const xh = normalized(c, moments);
  const dx = c.needs(0)
    ? throughMoments(c, build.op("Mul", [g, scale]), xh, moments.inverse, axes)
    : undefined;
  return [dx, c.needs(1) ? sumTo(c, build.op("Mul", [g, xh]), scale, x) : undefined, bias];
};

const rmsNormalization: GradientRule = (c) => {
  const { build } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const [x, scale] = [c.input(0), c.input(1)];
  const axes = trailingAxes(c, x);
  if (axes === undefined) return shared.inputRankIsUnknown();
  const inverse = inverseDeviation(c, meanOver(c, build.op("Mul", [x, x]), axes));
  const xh = build.op("Mul", [x, inverse]);
  const h = build.op("Mul", [g, scale]);
  return [
    c.needs(0) ? throughMoments(c, h, xh, inverse, axes, false) : undefined,
    c.needs(1) ? sumTo(c, build.op("Mul", [g, xh]), scale, x) : undefined,
  ];
};

/** One number per channel on axis 1 of a rank. */
function alongChannels({ build }: GradientContext, value: Value, rank: number): Value {
  return build.op("Unsqueeze", [value, build.ints(range(rank - 2).map((axis) => axis + 1))]);
}

const instanceNormalization: GradientRule = (c) => {
  const { build, facts } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const x = c.input(0);
  const rank = facts.rank(x);
  if (rank === undefined || rank < 3) return shared.inputRankIsUnknown(3);
  const axes = range(rank).slice(2);
  const moments = momentsOf(c, x, axes);
  const xh = normalized(c, moments);
  const h = build.op("Mul", [g, alongChannels(c, c.input(1), rank)]);
  return [
    c.needs(0) ? throughMoments(c, h, xh, moments.inverse, axes) : undefined,
    c.needs(1) ? sumOver(c, build.op("Mul", [g, xh]), axesBut(rank, 1), false) : undefined,
    c.needs(2) ? sumOver(c, g, axesBut(rank, 1), false) : undefined,
  ];
};

/** Scale and bias are per group up to opset 20 and per channel since. */
const groupNormalization: GradientRule = (c) => {
  const { build, facts, node } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const [x, scale] = [c.input(0), c.input(1)];
  const rank = facts.rank(x);
  if (rank === undefined || rank < 2) return shared.inputRankIsUnknown(2);
  const grouped = (value: Value): Value =>
    build.op("Reshape", [value, build.ints([0, node.int("num_groups", 1), -1])]);
  const perGroup = c.opset < 21;
  const moments = momentsOf(c, grouped(x), [2]);
  const xh = normalized(c, moments);
  const gGroups = grouped(g);
  const h = perGroup
    ? build.op("Mul", [gGroups, build.op("Unsqueeze", [scale, build.ints([1])])])
    : grouped(build.op("Mul", [g, alongChannels(c, scale, rank)]));
  const axes = perGroup ? [0, 2] : axesBut(rank, 1);
  let dscale: Value | undefined;
  if (c.needs(1)) {
    const product = build.op("Mul", [gGroups, xh]);
    dscale = sumOver(c, perGroup ? product : reshapeLike(c, product, x), axes, false);
  }
  return [
    c.needs(0) ? reshapeLike(c, throughMoments(c, h, xh, moments.inverse, [2]), x) : undefined,
    dscale,
    c.needs(2) ? sumOver(c, perGroup ? gGroups : g, axes, false) : undefined,
  ];
};

/** y = (x - mean) / (sqrt(variance) + 1e-9). */
const meanVariance: GradientRule = (c) => {
  const { build, node } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const x = c.input(0);
  const axes = node.ints("axes") ?? [0, 2, 3];
  const centred = build.op("Sub", [x, meanOver(c, x, axes)]);
  const deviation = build.op("Sqrt", [meanOver(c, build.op("Mul", [centred, centred]), axes)]);
  const divisor = build.op("Add", [deviation, scalarLike(c, 1e-9, x)]);
  const spreads = build.op("Mul", [build.op("Mul", [divisor, divisor]), deviation]);
  const slope = build.op("Div", [meanOver(c, build.op("Mul", [g, centred]), axes), spreads]);
  const isFlat = build.op("Equal", [deviation, scalarLike(c, 0, x)]);
  const along = build.op("Mul", [centred, build.op("Where", [isFlat, scalarLike(c, 0, x), slope])]);
  return [build.op("Sub", [build.op("Div", [build.op("Sub", [g, meanOver(c, g, axes)]), divisor]), along])];
};

/** y = x / norm along an axis; where the norm is 0, the gradient is 0. */
const lpNormalization: GradientRule = (c) => {
  const { build, node } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const [x, y] = [c.input(0), c.output(0)];
  const axes = [node.int("axis", -1)];
  const p = node.int("p", 2);
  const norm = build.op(p === 1 ? "ReduceL1" : "ReduceL2", [x, build.ints(axes)], { keepdims: 1n });
  const along = sumOver(c, build.op("Mul", [g, y]), axes, true);
  const direction = p === 1 ? build.op("Sign", [x]) : y;
  const change = build.op("Sub", [g, build.op("Mul", [direction, along])]);
  const zero = scalarLike(c, 0, x);
  const isZero = build.op("Equal", [norm, zero]);
  const divisor = build.op("Where", [isZero, scalarLike(c, 1, x), norm]);
  return [build.op("Where", [isZero, zero, build.op("Div", [change, divisor])])];
};

/** y * (g - the sum of g * y). */
const softmax: GradientRule = (c) => {
  const { build, node } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const y = c.output(0);
  const sum = sumOver(c, build.op("Mul", [g, y]), [node.int("axis", -1)], true);
  return [build.op("Mul", [y, build.op("Sub", [g, sum])])];
};

const logSoftmax: GradientRule = (c) => {
  const { build, node } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const sum = sumOver(c, g, [node.int("axis", -1)], true);
  return [build.op("Sub", [g, build.op("Mul", [build.op("Exp", [c.output(0)]), sum])])];
};

export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization,
  Hardmax: opaque("its derivative is zero wherever it exists"),
  ImageScaler: missing("write it as Mul and Add to train through it"),
  InstanceNormalization: instanceNormalization,
  LRN: localResponse,
  LayerNormalization: layerNormalization,
  LogSoftmax: logSoftmax,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVariance,
  RMSNormalization: rmsNormalization,
  SimplifiedLayerNormalization: missing("it could work as RMSNormalization does"),
  Softmax: softmax,
};
