import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, type Gap, missing, opaque } from "../../rules/facet.js";
import type { OPERATORS } from "./operators.js";
import { EXTREME, MEAN, TOTAL } from "./pass.js";

const PLACE: Gap = opaque("it gives indices");

/** What the operators of the family know about affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  ArgMax: PLACE,
  ArgMin: PLACE,
  CumProd: opaque("a scale of its input is a power of it at its output"),
  CumSum: missing("it lets a scale through"),
  ReduceL1: missing("it lets a positive scale through"),
  ReduceL2: missing("it lets a positive scale through"),
  ReduceLogSum: opaque("a scale of its input is a shift that is no constant's"),
  ReduceLogSumExp: missing("it lets a shift through"),
  ReduceMax: EXTREME,
  ReduceMean: MEAN,
  ReduceMin: EXTREME,
  ReduceProd: opaque("a scale of its input is a power of it at its output"),
  ReduceSum: TOTAL,
  ReduceSumSquare: missing("a scale becomes its square"),
  TopK: missing("a positive map goes through its values"),
};
