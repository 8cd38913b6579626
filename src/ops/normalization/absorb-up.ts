import { type ChannelAffine, expandChannels, isScaleOnly } from "../../affine/channel-affine.js";
import { fitsRange } from "../../affine/scale-tensor.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import { isFloat } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../../ir/tensor.js";
import type { Absorption, PlacedMap } from "../../rules/affine/facet.js";
import { requireConstant } from "../../rules/constants.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { rankOf } from "../../rules/shapes.js";
import { liftBatchNormalization } from "./lift.js";
import { refusals } from "./refusals.js";

/** gamma and beta take the map; mean and variance stay, because they are still the statistics of the layer. */
export function absorbIntoBatchNormalization(
  node: Node,
  placed: PlacedMap,
  facts: Facts,
): Absorption | Refusal {
  const lifted = liftBatchNormalization(node, facts);
  if (lifted === undefined || isRefusal(lifted)) return lifted ?? refusals.isNotBatchNormalization();
  return intoScaleAndBias(node, placed, 1);
}

/**
 * Instance and group normalization have a scale and a bias per channel, on axis 1; before opset 21 GroupNormalization's
 * are per group.
 */
export function absorbIntoChannelNormalization(
  node: Node,
  placed: PlacedMap,
  facts: Facts,
): Absorption | Refusal {
  if (!node.is("GroupNormalization") || (facts.opset(node) ?? 0) >= 21)
    return intoScaleAndBias(node, placed, 1);
  const grouped = perGroup(placed, node.int("num_groups", 0));
  return grouped === undefined ? refusals.mapDiffersWithinGroup() : intoScaleAndBias(node, grouped, 1);
}

/** The map of groups of neighbouring channels; undefined where it differs within one, or where a group would begin within a channel. */
function perGroup({ axis, map }: PlacedMap, groups: number): PlacedMap | undefined {
  if (axis === undefined) return { axis, map };
  const size = map.scale.length / groups;
  const first = (c: number): number => Math.floor(c / size) * size;
  const same = map.scale.every(
    (scale, c) => scale === map.scale[first(c)] && map.shift[c] === map.shift[first(c)],
  );
  if (!same) return undefined;
  const pick = (values: Float64Array): Float64Array => values.filter((_, c) => c % size === 0);
  return { axis, map: { scale: pick(map.scale), shift: pick(map.shift) } };
}

/** LayerNormalization over the last axis has a scale and a bias per element of it. */
export function absorbIntoLayerNormalization(
  node: Node,
  placed: PlacedMap,
  facts: Facts,
): Absorption | Refusal {
  const output = node.output(0);
  const rank = rankOf(output, facts);
  if (rank === undefined) return shared.outputRankIsUnknown();
  if (node.outputs.slice(1).some((value) => value !== null && value.uses.size > 0)) {
    return refusals.statisticsOutputsAreUsed();
  }
  return intoScaleAndBias(node, placed, rank - 1);
}

function intoScaleAndBias(node: Node, placed: PlacedMap, channelAxis: number): Absorption | Refusal {
  if (node.hasReferences) return shared.attributeIsSetByCaller();
  if (placed.axis !== undefined && placed.axis !== channelAxis) {
    return shared.mapRunsAlongOtherAxis(placed.axis, "its channels", channelAxis);
  }
  const scale = requireConstant(node.input(1), "scale");
  if (isRefusal(scale)) return scale;
  if (scale.dims.length !== 1) return refusals.normalizationScaleIsNoVector(scale.dims);
  const map = expandChannels(placed.map, scale.size);
  if (map === undefined) return shared.mapHasOtherChannels(scale.size, "channels", placed.map.scale.length);
  const given = node.input(2);
  const bias = given === undefined ? undefined : requireConstant(given, "bias B");
  if (isRefusal(bias)) return bias;
  if (bias !== undefined && bias.size !== scale.size) return shared.biasHasOtherSize(bias.size, scale.size);
  return scaledParameters(scale, bias, map);
}

function scaledParameters(scale: Tensor, bias: Tensor | undefined, map: ChannelAffine): Absorption | Refusal {
  const constants = new Map<number, Tensor>();
  const factor = scale.toFloat64().map((value, c) => value * (map.scale[c] ?? NaN));
  const old = bias?.toFloat64();
  const offset = map.shift.map((shift, c) => (old?.[c] ?? 0) * (map.scale[c] ?? NaN) + shift);
  for (const [index, values] of [
    [1, factor],
    [2, offset],
  ] as const) {
    if (index === 2 && bias === undefined && isScaleOnly(map)) continue;
    const { dtype } = index === 2 && bias !== undefined ? bias : scale;
    if (!isFloat(dtype)) return refusals.normalizationParameterIsNotFloat(dtype);
    if (!fitsRange(dtype, values)) return refusals.parametersWouldOverflow(dtype);
    constants.set(index, tensorFromNumbers(dtype, [values.length], values));
  }
  return { constants };
}
