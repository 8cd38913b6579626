/** The facets in which the family has no rules, and why. */

import type { AffineFacets } from "../../rules/affine/facet.js";
import { everyRow, type FacetTable, opaque } from "../../rules/facet.js";
import type { LayoutFacet } from "../../rules/layout/facet.js";
import { OPERATORS } from "./operators.js";

type Name = keyof typeof OPERATORS;

export const layout: FacetTable<Name, LayoutFacet> = everyRow(OPERATORS, opaque("its classes are axis 1"));

export const affine: FacetTable<Name, AffineFacets> = everyRow(
  OPERATORS,
  opaque("nothing of a network comes behind it"),
);
