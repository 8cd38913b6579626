import { expandChannels, isScaleOnly, isShiftOnly } from "../../affine/channel-affine.js";
import { fitsRange } from "../../affine/scale-tensor.js";
import { product } from "../../base/integers.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { Node } from "../../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../../ir/tensor.js";
import type { Absorption, PlacedMap } from "../../rules/affine/facet.js";
import { readBias, readWeight, scaleWeight, type Weight } from "../../rules/affine/weight.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { refusals } from "./refusals.js";

/** The places of the output channels in a convolution's weight. */
interface WeightLayout {
  readonly channels: number;
  /** For each row of `inner` elements of the weight, the output channel it contributes to. */
  readonly channelOfRow: (row: number) => number;
  readonly rows: number;
  readonly inner: number;
  /** The axis of the weight that the output channels lie along, if there is one. */
  readonly axis: number | undefined;
}

/** W is [M, C/group, k...]: output channel m is row m, whatever the group. */
export function absorbIntoConv(producer: Node, placed: PlacedMap, facts: Facts): Absorption | Refusal {
  return absorb(producer, placed, facts, ({ dims }) => {
    const [channels = 0, ...rest] = dims;
    return { channels, channelOfRow: (row) => row, rows: channels, inner: product(rest), axis: 0 };
  });
}

/** W is [C, M/group, k...]: row (c, j) belongs to output channel j of the group that input channel c is in. */
export function absorbIntoConvTranspose(
  producer: Node,
  placed: PlacedMap,
  facts: Facts,
): Absorption | Refusal {
  const group = producer.int("group", 1);
  return absorb(producer, placed, facts, ({ dims }) => {
    const [inputChannels = 0, perGroup = 0, ...rest] = dims;
    if (group < 1 || inputChannels % group !== 0) {
      return refusals.channelsDoNotDivideIntoGroups(inputChannels, group);
    }
    const inputsPerGroup = inputChannels / group;
    return {
      channels: perGroup * group,
      channelOfRow: (row) => Math.floor(row / perGroup / inputsPerGroup) * perGroup + (row % perGroup),
      rows: inputChannels * perGroup,
      inner: product(rest),
      axis: group === 1 ? 1 : undefined,
    };
  });
}

function absorb(
  producer: Node,
  placed: PlacedMap,
  facts: Facts,
  layoutOf: (weight: Weight) => WeightLayout | Refusal,
): Absorption | Refusal {
  if (producer.hasReferences) return shared.attributeIsSetByCaller();
  const weight = readWeight(producer.input(1), "weight W", facts);
  if (isRefusal(weight)) return weight;
  if (weight.dims.length < 3) return shared.weightHasOtherRank(weight.dims.length);
  const layout = layoutOf(weight);
  if (isRefusal(layout)) return layout;
  if (placed.axis !== undefined && placed.axis !== 1) {
    return shared.mapRunsAlongOtherAxis(placed.axis, "its channels", 1);
  }
  const map = expandChannels(placed.map, layout.channels);
  if (map === undefined) {
    return shared.mapHasOtherChannels(layout.channels, "channels", placed.map.scale.length);
  }
  const oldBias = producer.input(2);
  const bias = oldBias === undefined ? undefined : readBias(oldBias, "bias B", weight, facts);
  if (isRefusal(bias)) return bias;
  if (bias !== undefined && bias.size !== layout.channels) {
    return shared.biasHasOtherSize(bias.size, layout.channels);
  }

  const constants = new Map<number, Tensor>();
  let operands: Absorption["operands"];
  if (!isShiftOnly(map)) {
    const rowScale = Float64Array.from(
      { length: layout.rows },
      (_, row) => map.scale[layout.channelOfRow(row)] ?? NaN,
    );
    const scaled = scaleWeight(weight, 1, weight.tensor === undefined ? map.scale : rowScale, layout);
    if (isRefusal(scaled)) return scaled;
    for (const [index, tensor] of scaled.constants) constants.set(index, tensor);
    operands = scaled.operands;
  }
  if (bias !== undefined || !isScaleOnly(map)) {
    const old = bias?.toFloat64();
    const values = map.shift.map((shift, c) => (old?.[c] ?? 0) * (map.scale[c] ?? NaN) + shift);
    if (!fitsRange(weight.dtype, values)) return shared.biasWouldOverflow(weight.dtype);
    constants.set(2, tensorFromNumbers(weight.dtype, [layout.channels], values));
  }
  return operands === undefined ? { constants } : { constants, operands };
}
