import { everyRow, type FacetTable } from "../../rules/facet.js";
import { ANY_VALUES, type OperandRules } from "../../rules/operands/rule.js";
import { OPERATORS } from "./operators.js";

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = everyRow(OPERATORS, ANY_VALUES);
