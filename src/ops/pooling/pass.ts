import { isScaleOnly } from "../../affine/channel-affine.js";
import type { Refusal } from "../../base/refusal.js";
import type { Node } from "../../ir/graph.js";
import type { AffineFacets, PlacedMap } from "../../rules/affine/facet.js";
import { refuseNegativeScale, through } from "../../rules/affine/placement.js";
import { refusals } from "./refusals.js";

/** Max pooling commutes with increasing maps of a channel. Padding is never the largest, so that shifts pass too. */
export const MAX_POOL: AffineFacets = pool((node, placed) => {
  if ((node.output(1)?.uses.size ?? 0) > 0) return refusals.maxIndicesAreUsed();
  return refuseNegativeScale(placed);
});

/** An average commutes with every affine map if its weights sum to one, which fails where zeros of the padding count. */
export const AVERAGE_POOL: AffineFacets = pool((node, { map }) => {
  const counted = node.int("count_include_pad", 0) !== 0;
  const padded = (node.ints("pads") ?? []).some((pad) => pad !== 0) || node.int("ceil_mode", 0) !== 0;
  const automatic = !["NOTSET", "VALID"].includes(node.string("auto_pad", "NOTSET"));
  return counted && (padded || automatic) && !isScaleOnly(map) ? refusals.paddingIsCounted() : undefined;
});

function pool(blocked: (node: Node, placed: PlacedMap) => Refusal | undefined): AffineFacets {
  const crossing = (node: Node, placed: PlacedMap): Refusal | undefined => {
    if ((placed.axis ?? 0) > 1) return refusals.poolsOverMapAxis(placed.axis);
    return blocked(node, placed);
  };
  return {
    passUp: (node, placed) => crossing(node, placed) ?? through(placed),
    passDown: (node, _, placed) => crossing(node, placed) ?? placed,
  };
}
