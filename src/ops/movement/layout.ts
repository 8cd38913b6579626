import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { Node } from "../../ir/graph.js";
import { tensorFromNumbers } from "../../ir/tensor.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { Facts } from "../../rules/facts.js";
import {
  alike,
  axisAttribute,
  type Change,
  type LayoutFacet,
  moved,
  NO_CHANGE,
  namedAxes,
  perAxis,
  type Relayout,
} from "../../rules/layout/facet.js";
import { extend, type Permutation } from "../../rules/layout/permutation.js";
import { refusals as shared } from "../../rules/refusals.js";
import { fromFront, rankOf } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** Concat joins along one axis. Before opset 4 it has the default 1. */
const CONCAT: LayoutFacet = alike("all", (node, perm) => axisAttribute(node, 1, perm));

const SPLIT: LayoutFacet = alike([0], (node, perm) => axisAttribute(node, 0, perm));

/** Data and indices have the same axes. */
const ELEMENTS: LayoutFacet = alike("all", (node, perm) => axisAttribute(node, 0, perm));

/** Slice without axes cuts the first ones. */
const SLICE: LayoutFacet = alike([0], (node, perm, facts) => {
  const named = namedAxes(node, 3, perm.length, facts);
  if (isRefusal(named)) return named;
  if (named !== undefined) return named.rename(named.axes.map((axis) => perm.indexOf(axis)));
  const starts = node.input(1);
  const count = node.ints("starts")?.length ?? (starts === undefined ? undefined : facts.shape(starts)?.[0]);
  if (typeof count !== "number") return shared.parameterIsUnknown("axes");
  const axes = Array.from({ length: count }, (_, axis) => perm.indexOf(axis));
  return starts === undefined
    ? { attributes: { axes } }
    : { constants: new Map([[3, tensorFromNumbers("int64", [count], axes)]]) };
});

/** Pads are begins and then ends, of all axes or of those that are named. */
const PAD: LayoutFacet = alike([0], (node, perm, facts) => {
  const named = namedAxes(node, 3, perm.length, facts);
  if (isRefusal(named)) return named;
  if (named !== undefined) return named.rename(named.axes.map((axis) => perm.indexOf(axis)));
  const pads = perAxis(node, node.ints("paddings") === undefined ? "pads" : "paddings", 1, facts);
  if (isRefusal(pads)) return pads;
  const rank = perm.length;
  if (pads.numbers.length !== 2 * rank) return shared.padsDoNotFitRank();
  return pads.replace([...perm, ...perm.map((axis) => axis + rank)].map((at) => pads.numbers[at] ?? 0));
});

const TILE: LayoutFacet = alike([0], (node, perm, facts) => eachAxis(node, "repeats", perm, facts));

/** An Expand that adds no axes. */
const EXPAND: LayoutFacet = (node, anchor, facts) =>
  rankOf(node.input(0), facts) === rankOf(node.output(0), facts)
    ? alike([0], (own, perm) => eachAxis(own, "shape", perm, facts))(node, anchor, facts)
    : refusals.addsAxesInFront();

function eachAxis(node: Node, attribute: string, perm: Permutation, facts: Facts): Change | Refusal {
  const list = perAxis(node, attribute, 1, facts);
  if (isRefusal(list)) return list;
  if (list.numbers.length !== perm.length) return refusals.listIsShorterThanRank(attribute);
  return list.replace(perm.map((axis) => list.numbers[axis] ?? 1));
}

/** Gather puts the axes of its indices in the place of one axis of its data. */
const GATHER: LayoutFacet = (node, anchor, facts): Relayout | Refusal => {
  const [rank, indices] = [rankOf(node.input(0), facts), rankOf(node.input(1), facts)];
  if (rank === undefined || indices === undefined) return shared.operandRanksAreUnknown();
  const axis = fromFront(node.int("axis", 0), rank);
  const result = (order: Permutation): Permutation =>
    order.flatMap((from) => {
      if (from === axis) return Array.from({ length: indices }, (_, i) => axis + i);
      return from < axis ? from : from + indices - 1;
    });
  let order = anchor.perm;
  if (anchor.side === "output") {
    if (indices > 1) return refusals.indicesHaveSeveralAxes();
    order = indices === 1 ? anchor.perm : extend(anchor.perm, new Set([axis]), rank);
  } else if (anchor.index !== 0) return shared.valueIsNotItsData("indices");
  return {
    attributes: { axis: order.indexOf(axis) },
    inputs: moved([[0, order]]),
    outputs: moved([[0, result(order)]]),
  };
};

/** The last two axes are a matrix. */
const MATRIX: LayoutFacet = alike([0], (_, perm) => {
  const rank = perm.length;
  return perm[rank - 1] === rank - 1 && perm[rank - 2] === rank - 2
    ? NO_CHANGE
    : refusals.lastAxesAreMatrix();
});

export const layout: FacetTable<keyof typeof OPERATORS, LayoutFacet> = {
  CenterCropPad: missing("its axes could be renamed"),
  Col2Im: opaque("it assembles blocks along the last axes"),
  Compress: missing("its axis could be renamed"),
  Concat: CONCAT,
  DepthToSpace: opaque("its channels are axis 1"),
  Expand: EXPAND,
  Gather: GATHER,
  GatherElements: ELEMENTS,
  GatherND: missing("axes behind the indexed ones could change places"),
  NonZero: opaque("it lists places in the order of the axes"),
  OneHot: missing("its axis could be renamed"),
  Pad: PAD,
  ReverseSequence: missing("its axes could be renamed"),
  Scatter: missing("it could work as ScatterElements does"),
  ScatterElements: ELEMENTS,
  ScatterND: opaque("its indices name the leading axes"),
  Slice: SLICE,
  SpaceToDepth: opaque("its channels are axis 1"),
  Split: SPLIT,
  TensorScatter: missing("its axis could be renamed"),
  Tile: TILE,
  Transpose: opaque("a region of another order ends at it"),
  Trilu: MATRIX,
  Unique: opaque("it lists elements in the order of the axes"),
};
