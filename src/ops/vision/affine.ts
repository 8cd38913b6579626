import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { OPERATORS } from "./operators.js";
import { RESIZE } from "./pass.js";

/** What the operators of the family know about affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  AffineGrid: opaque("it gives indices"),
  GridSample: missing("it lets a scale through"),
  ImageDecoder: opaque("it takes bytes"),
  MaxRoiPool: missing("it lets a positive map through"),
  NonMaxSuppression: opaque("it gives indices"),
  Resize: RESIZE,
  RoiAlign: missing("it lets a scale through"),
  Upsample: RESIZE,
};
