import type { FacetTable } from "../../rules/facet.js";
import {
  ANY_VALUES,
  anyAxis,
  exactly,
  firstAxes,
  type OperandRule,
  type OperandRules,
} from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

/** The axes whose sizes the declared output lacks, or the first ones. */
const axes: OperandRule = (at) => {
  const [from, to] = [at.dims(0), at.declared(0)];
  const reduced = from?.flatMap((size, axis) =>
    to?.length === from.length && to[axis] !== size ? [axis] : [],
  );
  return reduced !== undefined && reduced.length === at.count ? exactly(reduced) : firstAxes(at);
};

/** The number of elements that TopK gives: that of the declared output, or two of several. */
const largest: OperandRule = (at) => {
  const axis = at.node.int("axis", -1);
  return exactly([at.declared(0)?.at(axis) ?? Math.min(2, at.dims(0)?.at(axis) ?? 1)]);
};

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  ArgMax: ANY_VALUES,
  ArgMin: ANY_VALUES,
  CumProd: { 1: anyAxis },
  CumSum: { 1: anyAxis },
  ReduceL1: { 1: axes },
  ReduceL2: { 1: axes },
  ReduceLogSum: { 1: axes },
  ReduceLogSumExp: { 1: axes },
  ReduceMax: { 1: axes },
  ReduceMean: { 1: axes },
  ReduceMin: { 1: axes },
  ReduceProd: { 1: axes },
  ReduceSum: { 1: axes },
  ReduceSumSquare: { 1: axes },
  TopK: { 1: largest },
};
