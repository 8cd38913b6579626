import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, type Gap, opaque } from "../../rules/facet.js";
import type { OPERATORS } from "./operators.js";
import { RESHAPE, SAME } from "./pass.js";

const SIZES: Gap = opaque(
  "it depends on sizes and not on elements, so that a map of its input changes nothing",
);

/** How the operators of the family take and pass affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  Flatten: RESHAPE,
  Identity: SAME,
  Reshape: RESHAPE,
  Shape: SIZES,
  Size: SIZES,
  Squeeze: RESHAPE,
  Unsqueeze: RESHAPE,
};
