import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, missing } from "../../rules/facet.js";
import type { OPERATORS } from "./operators.js";
import { AVERAGE_POOL, MAX_POOL } from "./pass.js";

/** What the operators of the family know about affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  AveragePool: AVERAGE_POOL,
  GlobalAveragePool: AVERAGE_POOL,
  GlobalLpPool: missing("it lets a positive scale through"),
  GlobalMaxPool: MAX_POOL,
  LpPool: missing("it lets a positive scale through"),
  MaxPool: MAX_POOL,
  MaxUnpool: missing("it lets a scale through"),
};
