/** The facets in which the family has no rules, and why. */

import type { AffineFacets } from "../../rules/affine/facet.js";
import { everyRow, type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { LayoutFacet } from "../../rules/layout/facet.js";
import type { ReferenceRule } from "../../rules/reference/rule.js";
import { OPERATORS } from "./operators.js";

type Name = keyof typeof OPERATORS;

export const layout: FacetTable<Name, LayoutFacet> = everyRow(
  OPERATORS,
  opaque("its axes have to be batch, heads, sequence and width"),
);

export const affine: FacetTable<Name, AffineFacets> = {
  Attention: missing("a scale of its output could go into its values"),
  RotaryEmbedding: missing("a uniform scale could pass"),
};

export const reference: FacetTable<Name, ReferenceRule> = everyRow(
  OPERATORS,
  missing("the computation is not written"),
);
