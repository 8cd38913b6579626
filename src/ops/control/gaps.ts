/** The facets in which the family has no rules, and why. */

import type { AffineFacets } from "../../rules/affine/facet.js";
import { everyRow, type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { GradientRule } from "../../rules/gradient/rule.js";
import type { LayoutFacet } from "../../rules/layout/facet.js";
import { OPERATORS } from "./operators.js";

type Name = keyof typeof OPERATORS;

export const layout: FacetTable<Name, LayoutFacet> = everyRow(
  OPERATORS,
  opaque("its bodies would have to change too"),
);

export const affine: FacetTable<Name, AffineFacets> = everyRow(
  OPERATORS,
  opaque("maps are not followed into bodies"),
);

export const gradient: FacetTable<Name, GradientRule> = {
  If: missing("its branches have no gradients yet; train inlines an If whose condition is constant"),
  Loop: missing("its iterations have no gradients yet"),
  Scan: missing("its steps have no gradients yet"),
  SequenceMap: missing("sequences have no gradients yet"),
};
