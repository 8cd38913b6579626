import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { Node } from "../../ir/graph.js";
import type { AffineFacets, PlacedMap } from "../../rules/affine/facet.js";
import { refuseNegativeScale, refuseShift, through } from "../../rules/affine/placement.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { fromFront, rankOf } from "../../rules/shapes.js";
import { refusals } from "./refusals.js";

/** ReduceMean commutes with every affine map of an axis that it leaves alone. */
export const MEAN: AffineFacets = reduction(() => undefined);

/** ReduceMax and ReduceMin commute with increasing maps. */
export const EXTREME: AffineFacets = reduction(refuseNegativeScale);

/** ReduceSum adds a shift once for each element, so that only scales pass. */
export const TOTAL: AffineFacets = reduction(refuseShift);

function reduction(blocked: (placed: PlacedMap) => Refusal | undefined): AffineFacets {
  return {
    passUp: (node, placed, facts) => {
      const axes = reducedAxes(node, facts);
      if (isRefusal(axes)) return axes;
      const moved = moveAxis(node, placed, axes, "up");
      return isRefusal(moved) ? moved : (blocked(moved) ?? through(moved));
    },
    passDown: (node, _, placed, facts) => {
      const axes = reducedAxes(node, facts);
      if (isRefusal(axes)) return axes;
      const moved = moveAxis(node, placed, axes, "down");
      return isRefusal(moved) ? moved : (blocked(moved) ?? moved);
    },
  };
}

interface Reduced {
  readonly rank: number;
  readonly axes: ReadonlySet<number>;
}

function reducedAxes(node: Node, facts: Facts): Reduced | Refusal {
  const input = node.input(0);
  const rank = rankOf(input, facts);
  if (rank === undefined) return shared.inputRankIsUnknown();
  const given = node.input(1);
  const listed = given === undefined ? node.ints("axes") : facts.numbers(given);
  if (given !== undefined && listed === undefined) return shared.parameterIsUnknown("axes");
  if (listed === undefined || listed.length === 0) {
    if (node.int("noop_with_empty_axes", 0) !== 0) return { rank, axes: new Set() };
    return { rank, axes: new Set(Array.from({ length: rank }, (_, axis) => axis)) };
  }
  return { rank, axes: new Set(listed.map((axis) => fromFront(axis, rank))) };
}

function moveAxis(
  node: Node,
  placed: PlacedMap,
  { rank, axes }: Reduced,
  direction: "up" | "down",
): PlacedMap | Refusal {
  if (placed.axis === undefined) return placed;
  const kept = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !axes.has(axis));
  const dropped = node.int("keepdims", 1) === 0;
  const inner = dropped && direction === "up" ? kept[placed.axis] : placed.axis;
  if (inner === undefined || axes.has(inner)) return refusals.mapAxisIsReduced();
  return { axis: dropped && direction === "down" ? kept.indexOf(inner) : inner, map: placed.map };
}
