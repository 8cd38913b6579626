import { channelCount, isScaleOnly } from "../../affine/channel-affine.js";
import { type Refusal, refuse } from "../../base/refusal.js";
import type { Node, Value } from "../../ir/graph.js";
import type { Facts } from "../facts.js";
import type { Passage, PlacedMap } from "./facet.js";

/** The only way there is: input `index` takes `placed`. */
export function through(placed: PlacedMap, index = 0): readonly Passage[] {
  return [new Map([[index, placed]])];
}

/** The scale of a map without its shift. */
export function scaleOf({ axis, map }: PlacedMap): PlacedMap {
  return { axis, map: { scale: map.scale, shift: map.shift.map(() => 0) } };
}

/** Why the map cannot cross what only commutes with scales that are not negative, if it cannot. */
export function notMonotone(node: Node, { map }: PlacedMap): Refusal | undefined {
  return map.scale.every((scale) => scale >= 0)
    ? undefined
    : refuse(`${node.opType} lets no negative scale through`);
}

/** Why the map cannot cross what only commutes with scales, if it cannot. */
export function notScaleOnly(node: Node, { map }: PlacedMap): Refusal | undefined {
  return isScaleOnly(map) ? undefined : refuse(`${node.opType} lets no shift through`);
}

/**
 * The map of a value that broadcasts to a tensor of rank `rank`, so that the tensor is mapped as `placed` says: the axis counted in the
 * value's own rank, where it must have all the channels.
 */
export function placeOperand(
  value: Value,
  rank: number | undefined,
  placed: PlacedMap,
  facts: Facts,
): PlacedMap | Refusal {
  if (placed.axis === undefined) return placed;
  const own = facts.rank(value);
  if (own === undefined || rank === undefined) return refuse(`the rank of "${value.name}" is not known`);
  const axis = placed.axis - (rank - own);
  const channels = channelCount(placed.map);
  if (axis < 0 || facts.shape(value)?.[axis] !== channels) {
    return refuse(`"${value.name}" is not known to have ${channels} channels on the map's axis`);
  }
  return { axis, map: placed.map };
}
