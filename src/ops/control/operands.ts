import type { FacetTable } from "../../rules/facet.js";
import { ANY_VALUES, always, integersIn, type OperandRules } from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  If: ANY_VALUES,
  Loop: { 0: integersIn(1, 4), 1: always(1) },
  Scan: ANY_VALUES,
  SequenceMap: ANY_VALUES,
};
