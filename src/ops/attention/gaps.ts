/** The facets that know nothing of the family, and why. */

import type { AffineFacets } from "../../rules/affine/facet.js";
import { everyRow, type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { LayoutFacet } from "../../rules/layout/facet.js";
import type { ReferenceRule } from "../../rules/reference/rule.js";
import { OPERATORS } from "./operators.js";

type Name = keyof typeof OPERATORS;

export const layout: FacetTable<Name, LayoutFacet> = everyRow(
  OPERATORS,
  opaque("its axes are batch, heads, sequence and width in this order"),
);

export const affine: FacetTable<Name, AffineFacets> = {
  Attention: missing("the values let a scale through"),
  RotaryEmbedding: missing("it lets a uniform scale through"),
};

export const reference: FacetTable<Name, ReferenceRule> = everyRow(
  OPERATORS,
  missing("no reference is written"),
);
