import { channelCount, isScaleOnly } from "../../affine/channel-affine.js";
import type { Refusal } from "../../base/refusal.js";
import type { Value } from "../../ir/graph.js";
import type { Facts } from "../facts.js";
import { refusals } from "../refusals.js";
import type { Passage, PlacedMap } from "./facet.js";

/** The one way to pass: input `index` takes the map. */
export function through(placed: PlacedMap, index = 0): readonly Passage[] {
  return [new Map([[index, placed]])];
}

/** The scale of a map without its shift. */
export function scaleOf({ axis, map }: PlacedMap): PlacedMap {
  return { axis, map: { scale: map.scale, shift: map.shift.map(() => 0) } };
}

/** A refusal where the map has a negative scale, for operators that commute with the others only (Relu, MaxPool). */
export function refuseNegativeScale({ map }: PlacedMap): Refusal | undefined {
  return map.scale.every((scale) => scale >= 0) ? undefined : refusals.scaleIsNegative();
}

/** A refusal where the map has a shift, for operators that commute with scales only (Mul, ReduceSum). */
export function refuseShift({ map }: PlacedMap): Refusal | undefined {
  return isScaleOnly(map) ? undefined : refusals.shiftDoesNotPass();
}

/**
 * The map of an operand that is broadcast to rank `rank`, for which the broadcast tensor is mapped as `placed` says. The axis
 * is counted in the operand's own rank, and the operand must have all the channels on it.
 */
export function placeOperand(
  value: Value,
  rank: number | undefined,
  placed: PlacedMap,
  facts: Facts,
): PlacedMap | Refusal {
  if (placed.axis === undefined) return placed;
  const own = facts.rank(value);
  if (own === undefined || rank === undefined) return refusals.valueRankIsUnknown(value.name);
  const axis = placed.axis - (rank - own);
  const channels = channelCount(placed.map);
  if (axis < 0 || facts.shape(value)?.[axis] !== channels) {
    return refusals.valueLacksChannels(value.name, channels);
  }
  return { axis, map: placed.map };
}
