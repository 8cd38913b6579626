import type { Value } from "../../ir/graph.js";
import type { GradientContext, GradientRule, InputGradients } from "../../rules/gradient/rule.js";
import { axesBut } from "../../rules/gradient/sizes.js";
import { scalarLike, zerosLike } from "../../rules/gradient/support.js";
import { refusals as shared } from "../../rules/refusals.js";
import { inverseDeviation, perElement, sumOver } from "./gradient-moments.js";
import { refusals } from "./refusals.js";

/** One number per channel, in a shape that broadcasts along the axis of the channels. */
function alongChannels({ build }: GradientContext, value: Value, rank: number): Value {
  if (rank < 3) return value;
  return build.op("Reshape", [value, build.ints([-1, ...axesBut(rank - 1, 0).map(() => 1)])]);
}

/** Mean and biased variance of the batch per channel. With momentum 0 the node gives them; otherwise its outputs mix them with older ones. */
function batchStatistics(
  c: GradientContext,
  x: Value,
  axes: readonly number[],
  rank: number,
): readonly [Value, Value] {
  const { build, node } = c;
  if (node.float("momentum", 0.9) === 0) return [c.forwardOutput(1), c.forwardOutput(2)];
  const over = (value: Value): Value => build.op("ReduceMean", [value, build.ints(axes)], { keepdims: 0n });
  const mean = over(x);
  const centred = build.op("Sub", [x, alongChannels(c, mean, rank)]);
  return [mean, over(build.op("Mul", [centred, centred]))];
}

/**
 * Training form, with m elements per channel: dbias = sum g, dscale = sum g xh,
 * dx = scale / sqrt(variance + epsilon) * (g - dbias / m - xh dscale / m). y does not depend on the statistics that are inputs.
 */
function training(c: GradientContext, g: Value, rank: number): InputGradients {
  const { build } = c;
  const x = c.input(0);
  const axes = axesBut(rank, 1);
  const [mean, variance] = batchStatistics(c, x, axes, rank);
  const inverse = inverseDeviation(c, variance);
  const dbias = sumOver(c, g, axes, false);
  if (!c.needs(0) && !c.needs(1)) return [undefined, undefined, dbias];
  const centred = build.op("Sub", [x, alongChannels(c, mean, rank)]);
  const dscale = build.op("Mul", [inverse, sumOver(c, build.op("Mul", [g, centred]), axes, false)]);
  const dx = c.needs(0) ? throughBatch(c, g, { centred, inverse, variance, dscale, dbias }, rank) : undefined;
  return [dx, c.needs(1) ? dscale : undefined, c.needs(2) ? dbias : undefined];
}

type BatchParts = Readonly<Record<"centred" | "inverse" | "variance" | "dscale" | "dbias", Value>>;

function throughBatch(c: GradientContext, g: Value, parts: BatchParts, rank: number): Value {
  const { build, node } = c;
  const { centred, inverse, variance, dscale, dbias } = parts;
  const [x, scale, axes] = [c.input(0), c.input(1), axesBut(rank, 1)];
  const factor = build.op("Mul", [scale, inverse]);
  const slope = perElement(c, build.op("Mul", [inverse, dscale]), x, axes);
  const shift = perElement(c, dbias, x, axes);
  if (rank === 2) {
    const rest = build.op("Sub", [build.op("Sub", [g, shift]), build.op("Mul", [centred, slope])]);
    return build.op("Mul", [rest, factor]);
  }
  // (g - shift) * factor is a BatchNormalization of g, which onnxruntime computes in one pass over memory instead of two.
  const epsilon = { kind: "float", value: node.float("epsilon", 1e-5) } as const;
  const inputs = [g, scale, zerosLike(c, scale), shift, variance];
  const normalized = build.op("BatchNormalization", inputs, { epsilon });
  const along = alongChannels(c, build.op("Mul", [factor, slope]), rank);
  return build.op("Sub", [normalized, build.op("Mul", [centred, along])]);
}

/** Inference form: y = (x - mean) * scale / sqrt(variance + epsilon) + bias, with all four given. */
function inference(c: GradientContext, g: Value, rank: number): InputGradients {
  const { build } = c;
  const axes = axesBut(rank, 1);
  const scale = c.input(1);
  const inverse = inverseDeviation(c, c.input(4));
  const factor = build.op("Mul", [scale, inverse]);
  const dx = c.needs(0) ? build.op("Mul", [g, alongChannels(c, factor, rank)]) : undefined;
  const dbias = c.needs(2) || c.needs(3) ? sumOver(c, g, axes, false) : undefined;
  let dscale: Value | undefined;
  if (c.needs(1) || c.needs(4)) {
    const centred = build.op("Sub", [c.input(0), alongChannels(c, c.input(3), rank)]);
    dscale = build.op("Mul", [sumOver(c, build.op("Mul", [g, centred]), axes, false), inverse]);
  }
  const dmean = c.needs(3) && dbias && build.op("Neg", [build.op("Mul", [dbias, factor])]);
  let dvariance: Value | undefined;
  if (c.needs(4) && dscale !== undefined) {
    const half = build.op("Mul", [build.op("Mul", [factor, inverse]), scalarLike(c, -0.5, scale)]);
    dvariance = build.op("Mul", [half, dscale]);
  }
  return [dx, dscale, dbias, dmean || undefined, dvariance];
}

/** BatchNormalization in training form or in inference form. */
export const batchNormalization: GradientRule = (c) => {
  const { node, facts } = c;
  if (c.grad(1) !== undefined || c.grad(2) !== undefined) {
    return refusals.runningStatisticsHaveNoGradient();
  }
  const g = c.grad(0);
  if (g === undefined) return [];
  const rank = facts.rank(c.input(0)) ?? facts.rank(c.output(0));
  if (rank === undefined || rank < 2) return shared.inputRankIsUnknown(2);
  return node.int("training_mode", 0) === 1 ? training(c, g, rank) : inference(c, g, rank);
};
