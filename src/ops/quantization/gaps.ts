/** The facets in which the family has no rules, and why. */
import { everyRow, type FacetTable, opaque } from "../../rules/facet.js";
import type { GradientRule } from "../../rules/gradient/rule.js";
import { OPERATORS } from "./operators.js";

type Name = keyof typeof OPERATORS;

export const gradient: FacetTable<Name, GradientRule> = everyRow(
  OPERATORS,
  opaque("it rounds, and a straight-through estimate is for the user to choose"),
);
