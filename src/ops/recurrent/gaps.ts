/** The facets that know nothing of the family, and why. */
import { everyRow, type FacetTable, opaque } from "../../rules/facet.js";
import type { LayoutFacet } from "../../rules/layout/facet.js";
import { OPERATORS } from "./operators.js";

type Name = keyof typeof OPERATORS;

export const layout: FacetTable<Name, LayoutFacet> = everyRow(
  OPERATORS,
  opaque("its axes are sequence, batch and width in this order"),
);
