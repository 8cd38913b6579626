import { type ChannelAffine, expandChannels, isScaleOnly } from "../../affine/channel-affine.js";
import { fitsRange } from "../../affine/scale-tensor.js";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.js";
import { isFloat } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../../ir/tensor.js";
import type { Absorption, PlacedMap } from "../../rules/affine/facet.js";
import { requireConstant } from "../../rules/constants.js";
import type { Facts } from "../../rules/facts.js";
import { liftBatchNormalization } from "./lift.js";

/** gamma and beta take the map; mean and variance stay, so they still are the layer's statistics. */
export function absorbIntoBatchNormalization(
  node: Node,
  placed: PlacedMap,
  facts: Facts,
): Absorption | Refusal {
  const lifted = liftBatchNormalization(node, facts);
  if (lifted === undefined || isRefusal(lifted)) return lifted ?? refuse("it is no BatchNormalization");
  return intoScaleAndBias(node, placed, 1);
}

/** Instance and group normalization have a scale and a bias per channel, on axis 1; before opset 21 GroupNormalization's are per group. */
export function absorbIntoChannelNormalization(
  node: Node,
  placed: PlacedMap,
  facts: Facts,
): Absorption | Refusal {
  if (!node.is("GroupNormalization") || (facts.opset(node) ?? 0) >= 21)
    return intoScaleAndBias(node, placed, 1);
  const grouped = perGroup(placed, node.int("num_groups", 0));
  return grouped === undefined
    ? refuse("before opset 21 GroupNormalization has a scale per group, and the map differs within one")
    : intoScaleAndBias(node, grouped, 1);
}

/** The map of groups of neighbouring channels; undefined where it differs within one. */
function perGroup({ axis, map }: PlacedMap, groups: number): PlacedMap | undefined {
  if (axis === undefined) return { axis, map };
  const size = map.scale.length / groups;
  if (!Number.isInteger(size)) return undefined;
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
  const rank = output === undefined ? undefined : facts.rank(output);
  if (rank === undefined) return refuse("the rank of LayerNormalization's output is not known");
  if (node.outputs.slice(1).some((value) => value !== null && value.uses.size > 0)) {
    return refuse("the statistics outputs of LayerNormalization are used");
  }
  return intoScaleAndBias(node, placed, rank - 1);
}

function intoScaleAndBias(node: Node, placed: PlacedMap, channelAxis: number): Absorption | Refusal {
  if (node.hasReferences) return refuse("an attribute of it takes its value from the function's caller");
  if (placed.axis !== undefined && placed.axis !== channelAxis) {
    return refuse(`the map runs along axis ${placed.axis}, its channels along axis ${channelAxis}`);
  }
  const scale = requireConstant(node.input(1), "scale");
  if (isRefusal(scale)) return scale;
  if (scale.dims.length !== 1) return refuse(`its scale is [${scale.dims.join(",")}]`);
  const map = expandChannels(placed.map, scale.size);
  if (map === undefined) return refuse(`it has ${scale.size} channels, the map ${placed.map.scale.length}`);
  const given = node.input(2);
  const bias = given === undefined ? undefined : requireConstant(given, "bias B");
  if (isRefusal(bias)) return bias;
  if (bias !== undefined && bias.size !== scale.size) return refuse(`its bias has ${bias.size} elements`);
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
    if (!isFloat(dtype)) return refuse(`a parameter of it is ${dtype}`);
    if (!fitsRange(dtype, values)) return refuse(`its ${dtype} parameters would overflow`);
    constants.set(index, tensorFromNumbers(dtype, [values.length], values));
  }
  return { constants };
}
