import { channelAffine, firstNonFinite } from "../../affine/channel-affine.js";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.js";
import type { Node } from "../../ir/graph.js";
import type { LiftedAffine } from "../affine-facet.js";
import { requireConstant } from "../constants.js";
import type { Facts } from "../facts.js";

/** The specification's default, which is a float32. */
export const DEFAULT_EPSILON: number = Math.fround(1e-5);

const ROLES = ["scale", "bias B", "mean", "variance"] as const;

/**
 * BatchNormalization in inference form, opset 1 to the newest:
 * scale = gamma / sqrt(sigma^2 + epsilon), shift = beta - mu * scale.
 */
export function liftBatchNormalization(node: Node, facts: Facts): LiftedAffine | Refusal | undefined {
  if (!node.is("BatchNormalization")) return undefined;
  const form = inferenceForm(node, facts.opset(node));
  if (form !== undefined) return form;
  const input = node.input(0);
  if (input === undefined) return refuse("its input X is missing");
  const [gamma, beta, mean, variance] = ROLES.map((role, i) => requireConstant(node.input(i + 1), role));
  for (const parameter of [gamma, beta, mean, variance]) if (isRefusal(parameter)) return parameter;
  if (isRefusal(gamma) || isRefusal(beta) || isRefusal(mean) || isRefusal(variance)) return undefined;
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined)
    return undefined;
  const channels = gamma.size;
  const parameters = [gamma, beta, mean, variance];
  if (parameters.some(({ dims }) => dims.length !== 1 || dims[0] !== channels)) {
    const shapes = parameters.map(({ dims }) => `[${dims.join(",")}]`).join(", ");
    return refuse(`its parameters are not four vectors of one length (${shapes})`);
  }
  const epsilon = node.float("epsilon", DEFAULT_EPSILON);
  const [g, b, m, v] = [gamma.toFloat64(), beta.toFloat64(), mean.toFloat64(), variance.toFloat64()];
  const bad = v.findIndex((value) => !(value + epsilon > 0));
  if (bad !== -1) {
    return refuse(`variance + epsilon is ${(v[bad] ?? NaN) + epsilon} in channel ${bad}, which has no root`);
  }
  const scale = g.map((value, c) => value / Math.sqrt((v[c] ?? NaN) + epsilon));
  const shift = b.map((value, c) => value - (m[c] ?? NaN) * (scale[c] ?? NaN));
  const map = channelAffine(scale, shift);
  const nonFinite = firstNonFinite(map);
  if (nonFinite !== undefined) return refuse(`a parameter of channel ${nonFinite} is NaN or infinite`);
  return { node, input, inputIndex: 0, axis: 1, map };
}

/** A refusal when the node normalizes with the statistics of the batch, or not per channel. */
function inferenceForm(node: Node, opset: number | undefined): Refusal | undefined {
  if (node.hasReferences) return refuse("an attribute takes its value from the function's caller");
  if (opset === undefined) return refuse("the model imports no version of its operator set");
  const statistics = node.outputs.slice(1).some((value) => value !== null);
  if (opset >= 14 && node.int("training_mode", 0) !== 0)
    return refuse("it is in training form (training_mode = 1)");
  if (opset < 7 && node.int("is_test", 0) === 0) return refuse("it is in training form (is_test = 0)");
  if (statistics) return refuse("it is in training form: its statistics outputs are there");
  if (opset < 9 && node.int("spatial", 1) === 0)
    return refuse("it normalizes each activation, not each channel (spatial = 0)");
  return undefined;
}
