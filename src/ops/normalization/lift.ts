import { type ChannelAffine, channelAffine, firstNonFinite } from "../../affine/channel-affine.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { Node } from "../../ir/graph.js";
import type { Tensor } from "../../ir/tensor.js";
import type { LiftedAffine } from "../../rules/affine/facet.js";
import { requireConstant } from "../../rules/constants.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { refusals } from "./refusals.js";

/** The specification's default, which is a float32. */
export const DEFAULT_EPSILON: number = Math.fround(1e-5);

const ROLES = ["scale", "bias B", "mean", "variance"] as const;

/**
 * BatchNormalization in inference form, opset 1 to the newest:
 * scale = gamma / sqrt(sigma^2 + epsilon), shift = beta - mu * scale.
 */
export function liftBatchNormalization(node: Node, facts: Facts): LiftedAffine | Refusal | undefined {
  const form = inferenceForm(node, facts.opset(node));
  if (form !== undefined) return form;
  const input = node.input(0);
  if (input === undefined) return shared.inputIsMissing();
  // A model whose sizes contradict each other may declare, or let infer, fewer axes than there are.
  const rank = facts.rank(input);
  if (rank !== undefined && rank < 2) return refusals.inputLacksChannels(rank);
  const parameters: Tensor[] = [];
  for (const [index, role] of ROLES.entries()) {
    const parameter = requireConstant(node.input(index + 1), role);
    if (isRefusal(parameter)) return parameter;
    parameters.push(parameter);
  }
  const map = mapOf(parameters, node.float("epsilon", DEFAULT_EPSILON));
  return isRefusal(map) ? map : { node, input, inputIndex: 0, axis: 1, map };
}

interface Known {
  readonly parameters: readonly Tensor[];
  readonly epsilon: number;
  readonly map: ChannelAffine | Refusal;
}

/** Several passes ask for the same map in every round, and each time its parameters would be read from the file. */
const known = new WeakMap<Tensor, Known>();

function mapOf(parameters: readonly Tensor[], epsilon: number): ChannelAffine | Refusal {
  const [gamma] = parameters;
  const before = gamma === undefined ? undefined : known.get(gamma);
  if (before?.epsilon === epsilon && before.parameters.every((tensor, i) => tensor === parameters[i])) {
    return before.map;
  }
  const map = computeMap(parameters, epsilon);
  if (gamma !== undefined) known.set(gamma, { parameters, epsilon, map });
  return map;
}

function computeMap(parameters: readonly Tensor[], epsilon: number): ChannelAffine | Refusal {
  const channels = parameters[0]?.size;
  if (parameters.some(({ dims }) => dims.length !== 1 || dims[0] !== channels)) {
    const shapes = parameters.map(({ dims }) => `[${dims.join(",")}]`).join(", ");
    return refusals.parametersAreNotVectors(shapes);
  }
  const [gamma, beta, mean, variance] = parameters.map((tensor) => tensor.toFloat64());
  if (!gamma || !beta || !mean || !variance) return refusals.normalizationParameterIsMissing();
  const bad = variance.findIndex((value) => !(value + epsilon > 0));
  if (bad !== -1) {
    const sum = (variance[bad] ?? NaN) + epsilon;
    return refusals.varianceHasNoRoot(sum, bad);
  }
  const scale = gamma.map((value, c) => value / Math.sqrt((variance[c] ?? NaN) + epsilon));
  const shift = beta.map((value, c) => value - (mean[c] ?? NaN) * (scale[c] ?? NaN));
  const map = channelAffine(scale, shift);
  const nonFinite = firstNonFinite(map);
  return nonFinite === undefined ? map : refusals.normalizationParameterIsNotFinite(nonFinite);
}

/** A refusal when the node normalizes with the statistics of the batch, or not per channel. */
function inferenceForm(node: Node, opset: number | undefined): Refusal | undefined {
  if (node.hasReferences) return shared.attributeIsSetByCaller();
  if (opset === undefined) return shared.opsetIsNotImported();
  const statistics = node.outputs.slice(1).some((value) => value !== null);
  if (opset >= 14 && node.int("training_mode", 0) !== 0) return refusals.isTrainingForm("training_mode = 1");
  if (opset < 7 && node.int("is_test", 0) === 0) return refusals.isTrainingForm("is_test = 0");
  if (statistics) return refusals.isTrainingForm("its statistics outputs are there");
  if (opset < 9 && node.int("spatial", 1) === 0) return refusals.normalizesEachActivation();
  return undefined;
}
