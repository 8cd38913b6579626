import { type ChannelAffine, expandChannels, isScaleOnly, isShiftOnly } from "../../affine/channel-affine.js";
import { scaleOverflows, scaleTensor, sumsTensor } from "../../affine/scale-tensor.js";
import { product } from "../../base/integers.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import { type FloatDType, isFloat } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import type { Tensor } from "../../ir/tensor.js";
import type { Absorption, PlacedMap } from "../../rules/affine/facet.js";
import { requireConstant } from "../../rules/constants.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { borderMap } from "./absorb-border.js";
import { refusals } from "./refusals.js";

/**
 * Conv(s * x + t): W is [M, C/group, k...], so row (m, j) takes the scale of input channel j of m's group, and the bias
 * of m takes the sum of W over the taps times t. A padded input has zeros instead of t in its border, so that W takes only the
 * scale; the shift remains as a constant of the output's size, where that is known.
 */
export function absorbInputIntoConv(
  node: Node,
  index: number,
  placed: PlacedMap,
  facts: Facts,
): Absorption | Refusal {
  if (index !== 0) return shared.valueIsNotItsData(index === 1 ? "weight" : "bias");
  const group = node.int("group", 1);
  const read = inputChannels(node, placed, (dims) => (dims[1] ?? 0) * group);
  if (isRefusal(read)) return read;
  const { weight, dtype, map } = read;
  const [outputs = 0, perGroup = 0, ...kernel] = weight.dims;
  const taps = product(kernel);
  const channelOf = (row: number): number =>
    Math.floor(Math.floor(row / perGroup) / (outputs / group)) * perGroup + (row % perGroup);

  const constants = new Map<number, Tensor>();
  let remainder: Tensor | undefined;
  if (!isScaleOnly(map) && pads(node)) {
    const border = borderMap(node, weight, map.shift, channelOf, facts);
    if (isRefusal(border)) return border;
    remainder = border;
  } else if (!isScaleOnly(map)) {
    const bias = shiftedBias(node, weight, dtype, map, { outputs, perGroup, taps, channelOf });
    if (isRefusal(bias)) return bias;
    constants.set(2, bias);
  }
  if (!isShiftOnly(map)) {
    // Without groups the rows of each output run through all channels in turn, as a scale does by itself.
    const rows =
      group === 1
        ? map.scale
        : Float64Array.from({ length: outputs * perGroup }, (_, row) => map.scale[channelOf(row)] ?? NaN);
    if (scaleOverflows(weight, rows, taps)) return shared.weightWouldOverflow(dtype);
    constants.set(1, scaleTensor(weight, rows, taps));
  }
  return remainder === undefined ? { constants } : { constants, remainder };
}

/** ConvTranspose(s * x): W is [C, M/group, k...]. A shift would spread unevenly over strides and borders. */
export function absorbInputIntoConvTranspose(
  node: Node,
  index: number,
  placed: PlacedMap,
): Absorption | Refusal {
  if (index !== 0) return shared.valueIsNotItsData(index === 1 ? "weight" : "bias");
  const read = inputChannels(node, placed, (dims) => dims[0] ?? 0);
  if (isRefusal(read)) return read;
  const { weight, dtype, map } = read;
  if (!isScaleOnly(map)) return refusals.shiftSpreadsUnevenly();
  const inner = weight.size / Math.max(weight.dims[0] ?? 1, 1);
  if (scaleOverflows(weight, map.scale, inner)) return shared.weightWouldOverflow(dtype);
  return { constants: new Map([[1, scaleTensor(weight, map.scale, inner)]]) };
}

function inputChannels(
  node: Node,
  placed: PlacedMap,
  channelsOf: (dims: readonly number[]) => number,
): { readonly weight: Tensor; readonly dtype: FloatDType; readonly map: ChannelAffine } | Refusal {
  if (node.hasReferences) return shared.attributeIsSetByCaller();
  const weight = requireConstant(node.input(1), "weight W");
  if (isRefusal(weight)) return weight;
  if (!isFloat(weight.dtype)) return shared.weightIsNotFloat(weight.dtype);
  if (weight.dims.length < 3) return shared.weightHasOtherRank(weight.dims.length);
  if (placed.axis !== undefined && placed.axis !== 1) {
    return shared.mapRunsAlongOtherAxis(placed.axis, "its channels", 1);
  }
  const map = expandChannels(placed.map, channelsOf(weight.dims));
  if (map === undefined) {
    return shared.mapHasOtherChannels(channelsOf(weight.dims), "channels", placed.map.scale.length);
  }
  return { weight, dtype: weight.dtype, map };
}

/** Whether some tap can fall outside the input. */
function pads(node: Node): boolean {
  const automatic = node.string("auto_pad", "NOTSET");
  if (automatic !== "NOTSET") return automatic !== "VALID";
  return (node.ints("pads") ?? []).some((pad) => pad !== 0);
}

function shiftedBias(
  node: Node,
  weight: Tensor,
  dtype: FloatDType,
  map: ChannelAffine,
  layout: { outputs: number; perGroup: number; taps: number; channelOf: (row: number) => number },
): Tensor | Refusal {
  const given = node.input(2);
  const bias = given === undefined ? undefined : requireConstant(given, "bias B");
  if (isRefusal(bias)) return bias;
  const { outputs, perGroup, taps, channelOf } = layout;
  if (bias !== undefined && bias.size !== outputs) return shared.biasHasOtherSize(bias.size, outputs);
  const sums = (): Float64Array => {
    const values = bias?.toFloat64() ?? new Float64Array(outputs);
    const numbers = weight.toFloat64();
    for (let row = 0, at = 0; row < outputs * perGroup; row++) {
      const shift = map.shift[channelOf(row)] ?? NaN;
      const m = Math.floor(row / perGroup);
      let sum = 0;
      for (const end = at + taps; at < end; at++) sum += numbers[at] ?? NaN;
      values[m] = (values[m] ?? NaN) + sum * shift;
    }
    return values;
  };
  return sumsTensor(dtype, [outputs], map.shift, sums, bias) ?? shared.biasWouldOverflow(dtype);
}
