import { carryThroughReshape } from "../../affine/carry.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { Value } from "../../ir/graph.js";
import type { AffineFacets, PlacedMap } from "../../rules/affine/facet.js";
import { through } from "../../rules/affine/placement.js";
import { type MaybeDim, product, type SymDim, sameDim } from "../../rules/dims.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { refusals } from "./refusals.js";

/** Reshape, Flatten, Squeeze, Unsqueeze: the same elements in the same order under other sizes. */
export const RESHAPE: AffineFacets = {
  passUp: (node, placed, facts) => {
    const carried = carry(node.output(0), node.input(0), placed, facts);
    return isRefusal(carried) ? carried : through(carried);
  },
  passDown: (node, index, placed, facts) =>
    index === 0 ? carry(node.input(0), node.output(0), placed, facts) : shared.valueIsNotItsData("shape"),
};

/**
 * Both shapes are cut where the same number of elements lies before the cut, or behind it, for all values of the symbols. The
 * piece with the axis holds the same elements as its counterpart. Where both pieces are a single axis, the map moves to it;
 * otherwise it is followed index by index, for which the sizes of the pieces must be numbers.
 */
function carry(
  from: Value | undefined,
  to: Value | undefined,
  placed: PlacedMap,
  facts: Facts,
): PlacedMap | Refusal {
  const { axis, map } = placed;
  if (axis === undefined) return placed;
  const [a, b] = [from && facts.shape(from), to && facts.shape(to)];
  if (a === undefined || b === undefined) return refusals.shapeIsUnknown();
  const piece = pieceAround(axis, a, b);
  if (piece === undefined) return refusals.sizesAroundAxisAreUnknown(axis);
  const [inside, outside] = [a.slice(piece.start, piece.end), b.slice(piece.toStart, piece.toEnd)];
  if (inside.length === 1 && outside.length === 1) return { axis: piece.toStart, map };
  const [before, after] = [numbers(inside), numbers(outside)];
  if (before === undefined || after === undefined) {
    return refusals.sizesAroundAxisAreNotNumbers(axis);
  }
  const carried = carryThroughReshape(map, axis - piece.start, before, after);
  return carried === undefined
    ? refusals.axisHasNoCounterpart(axis)
    : { axis: carried.axis + piece.toStart, map: carried.map };
}

interface PieceRange {
  readonly start: number;
  readonly end: number;
  readonly toStart: number;
  readonly toEnd: number;
}

/** The smallest piece of `a` around the axis that has a counterpart in `b`. */
function pieceAround(axis: number, a: readonly SymDim[], b: readonly SymDim[]): PieceRange | undefined {
  const cuts = commonCuts(a, b);
  const start = cuts.findLast(([i]) => i <= axis);
  const end = start && cuts.find(([i, k]) => i > axis && k > start[1]);
  return start && end && { start: start[0], end: end[0], toStart: start[1], toEnd: end[1] };
}

/** Pairs of positions with the same number of elements before them, or behind them, in order. */
function commonCuts(a: readonly SymDim[], b: readonly SymDim[]): readonly (readonly [number, number])[] {
  const [heads, tails] = [headSizes(a), tailSizes(a)];
  const [otherHeads, otherTails] = [headSizes(b), tailSizes(b)];
  const cuts: (readonly [number, number])[] = [];
  for (let i = 0; i <= a.length; i++) {
    for (let k = 0; k <= b.length; k++) {
      if (sameDim(heads[i], otherHeads[k]) || sameDim(tails[i], otherTails[k])) cuts.push([i, k]);
    }
  }
  return cuts;
}

function headSizes(shape: readonly SymDim[]): readonly MaybeDim[] {
  return [...shape, 1].map((_, at) => product(shape.slice(0, at)));
}

function tailSizes(shape: readonly SymDim[]): readonly MaybeDim[] {
  return [...shape, 1].map((_, at) => product(shape.slice(at)));
}

function numbers(dims: readonly SymDim[]): readonly number[] | undefined {
  const known = dims.filter((dim) => typeof dim === "number");
  return known.length === dims.length ? known : undefined;
}

/** Identity. Only those remain that connect an input with an output, or give the output of a body. */
export const SAME: AffineFacets = {
  passUp: (_, placed) => through(placed),
  passDown: (_, __, placed) => placed,
};
