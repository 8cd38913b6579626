import type { FacetTable } from "../../rules/facet.js";
import {
  ANY_VALUES,
  exactly,
  firstAxes,
  type OperandRule,
  type OperandRules,
} from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

/** Indices into the larger map, different ones, as MaxPool gives them. */
const places: OperandRule = firstAxes;

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  AveragePool: ANY_VALUES,
  GlobalAveragePool: ANY_VALUES,
  GlobalLpPool: ANY_VALUES,
  GlobalMaxPool: ANY_VALUES,
  LpPool: ANY_VALUES,
  MaxPool: ANY_VALUES,
  MaxUnpool: { 1: places, 2: ({ declared }) => exactly(declared(0)) },
};
