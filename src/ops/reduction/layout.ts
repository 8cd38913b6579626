import { isRefusal } from "../../base/refusal.js";
import { tensorFromNumbers } from "../../ir/tensor.js";
import type { FacetTable } from "../../rules/facet.js";
import {
  ALONG_LAST,
  alike,
  axisAttribute,
  type LayoutFacet,
  largerOrder,
  moved,
  namedAxes,
} from "../../rules/layout/facet.js";
import { restrict } from "../../rules/layout/permutation.js";
import { refusals as shared } from "../../rules/refusals.js";
import { fromFront, rankOf } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** The axis is a scalar input. */
const CUMULATE: LayoutFacet = alike([0], (node, perm, facts) => {
  const [value] = [node.input(1)];
  const axis = value === undefined ? undefined : facts.numbers(value)?.[0];
  const dtype = value === undefined ? undefined : facts.dtype(value);
  if (axis === undefined || dtype === undefined) return shared.axesAreComputed();
  const at = perm.indexOf(fromFront(axis, perm.length));
  return { constants: new Map([[1, tensorFromNumbers(dtype, [], [at])]]) };
});

/** ReduceSum and the other reductions, with axes as attribute or input. */
const REDUCE: LayoutFacet = (node, anchor, facts) => {
  const rank = rankOf(node.input(0), facts);
  if (rank === undefined) return shared.inputRankIsUnknown();
  const named = namedAxes(node, 1, rank, facts);
  if (isRefusal(named)) return named;
  const keeps = node.int("keepdims", 1) !== 0;
  if (named === undefined || named.axes.length === 0) {
    if (node.int("noop_with_empty_axes", 0) !== 0) return alike([0])(node, anchor, facts);
    return anchor.side === "input"
      ? { inputs: moved([[0, anchor.perm]]), outputs: moved([]) }
      : refusals.outputIsOneElement();
  }
  const dropped = new Set(named.axes);
  const order = keeps ? anchor.perm : largerOrder(anchor, "input", dropped, rank);
  return {
    ...named.rename(named.axes.map((axis) => order.indexOf(axis))),
    inputs: moved([[0, order]]),
    outputs: moved([[0, keeps ? order : restrict(order, dropped)]]),
  };
};

const ARG: LayoutFacet = (node, anchor, facts) => {
  const rank = rankOf(node.input(0), facts);
  if (rank === undefined) return shared.inputRankIsUnknown();
  const keeps = node.int("keepdims", 1) !== 0;
  const dropped = new Set([fromFront(node.int("axis", 0), rank)]);
  const order = keeps ? anchor.perm : largerOrder(anchor, "input", dropped, rank);
  const change = axisAttribute(node, 0, order);
  if (isRefusal(change)) return change;
  return {
    ...change,
    inputs: moved([[0, order]]),
    outputs: moved([[0, keeps ? order : restrict(order, dropped)]]),
  };
};

export const layout: FacetTable<keyof typeof OPERATORS, LayoutFacet> = {
  ArgMax: ARG,
  ArgMin: ARG,
  CumProd: CUMULATE,
  CumSum: CUMULATE,
  ReduceL1: REDUCE,
  ReduceL2: REDUCE,
  ReduceLogSum: REDUCE,
  ReduceLogSumExp: REDUCE,
  ReduceMax: REDUCE,
  ReduceMean: REDUCE,
  ReduceMin: REDUCE,
  ReduceProd: REDUCE,
  ReduceSum: REDUCE,
  ReduceSumSquare: REDUCE,
  TopK: ALONG_LAST,
};
