/** The facets in which the family has no rules, and why. */

import type { AffineFacets } from "../../rules/affine/facet.js";
import { everyRow, type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { GradientRule } from "../../rules/gradient/rule.js";
import type { LayoutFacet } from "../../rules/layout/facet.js";
import type { ReferenceRule } from "../../rules/reference/rule.js";
import { OPERATORS } from "./operators.js";

type Name = keyof typeof OPERATORS;

export const layout: FacetTable<Name, LayoutFacet> = everyRow(
  OPERATORS,
  missing("elements of strings could be reordered"),
);

export const affine: FacetTable<Name, AffineFacets> = everyRow(OPERATORS, opaque("it works on strings"));

export const gradient: FacetTable<Name, GradientRule> = everyRow(OPERATORS, opaque("it works on strings"));

export const reference: FacetTable<Name, ReferenceRule> = everyRow(
  OPERATORS,
  missing("the reference holds numbers only"),
);
