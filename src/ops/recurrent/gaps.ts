/** The facets in which the family has no rules, and why. */
import { everyRow, type FacetTable, opaque } from "../../rules/facet.js";
import type { LayoutFacet } from "../../rules/layout/facet.js";
import { OPERATORS } from "./operators.js";

type Name = keyof typeof OPERATORS;

export const layout: FacetTable<Name, LayoutFacet> = everyRow(
  OPERATORS,
  opaque("its axes have to be sequence, batch and width"),
);
