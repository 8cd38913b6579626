import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, missing } from "../../rules/facet.js";
import type { OPERATORS } from "./operators.js";
import { AVERAGE_POOL, MAX_POOL } from "./pass.js";

/** How the operators of the family take and pass affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  AveragePool: AVERAGE_POOL,
  GlobalAveragePool: AVERAGE_POOL,
  GlobalLpPool: missing("a positive scale could pass"),
  GlobalMaxPool: MAX_POOL,
  LpPool: missing("a positive scale could pass"),
  MaxPool: MAX_POOL,
  MaxUnpool: missing("a scale could pass"),
};
