import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, type Gap, missing, opaque } from "../../rules/facet.js";
import type { OPERATORS } from "./operators.js";
import { EXTREME, MEAN, TOTAL } from "./pass.js";

const PLACE: Gap = opaque("it gives indices");

/** How the operators of the family take and pass affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  ArgMax: PLACE,
  ArgMin: PLACE,
  CumProd: opaque("a scale of its input becomes a power of itself"),
  CumSum: missing("a scale could pass"),
  ReduceL1: missing("a positive scale could pass"),
  ReduceL2: missing("a positive scale could pass"),
  ReduceLogSum: opaque("a scale of its input becomes a shift, which no constant takes"),
  ReduceLogSumExp: missing("a shift could pass"),
  ReduceMax: EXTREME,
  ReduceMean: MEAN,
  ReduceMin: EXTREME,
  ReduceProd: opaque("a scale of its input becomes a power of itself"),
  ReduceSum: TOTAL,
  ReduceSumSquare: missing("a scale could pass as its square"),
  TopK: missing("a map with positive scales could pass at its values"),
};
