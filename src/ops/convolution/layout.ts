import { type FacetTable, type Gap, opaque } from "../../rules/facet.js";
import type { LayoutFacet } from "../../rules/layout/facet.js";
import type { OPERATORS } from "./operators.js";

const FRONT: Gap = opaque("its kernel takes batch and channels in front");

export const layout: FacetTable<keyof typeof OPERATORS, LayoutFacet> = {
  Conv: FRONT,
  ConvTranspose: FRONT,
  DeformConv: FRONT,
};
