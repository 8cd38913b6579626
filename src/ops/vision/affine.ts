import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { OPERATORS } from "./operators.js";
import { RESIZE } from "./pass.js";

/** How the operators of the family take and pass affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  AffineGrid: opaque("it gives coordinates"),
  GridSample: missing("a scale could pass"),
  ImageDecoder: opaque("its input is the bytes of a file"),
  MaxRoiPool: missing("a map with positive scales could pass"),
  NonMaxSuppression: opaque("it gives indices"),
  Resize: RESIZE,
  RoiAlign: missing("a scale could pass"),
  Upsample: RESIZE,
};
