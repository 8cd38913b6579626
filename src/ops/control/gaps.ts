/** The facets that know nothing of the family, and why. */

import type { AffineFacets } from "../../rules/affine/facet.js";
import { everyRow, type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { GradientRule } from "../../rules/gradient/rule.js";
import type { LayoutFacet } from "../../rules/layout/facet.js";
import { OPERATORS } from "./operators.js";

type Name = keyof typeof OPERATORS;

export const layout: FacetTable<Name, LayoutFacet> = everyRow(
  OPERATORS,
  opaque("its bodies would have to change with it"),
);

export const affine: FacetTable<Name, AffineFacets> = everyRow(
  OPERATORS,
  opaque("maps are not followed into bodies"),
);

export const gradient: FacetTable<Name, GradientRule> = {
  If: missing("train opens an If whose condition is constant"),
  Loop: missing("gradients do not go through the steps of a Loop"),
  Scan: missing("gradients do not go through the steps of a Scan"),
  SequenceMap: missing("gradients do not go through sequences"),
};
