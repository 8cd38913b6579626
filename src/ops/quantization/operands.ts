import type { FacetTable } from "../../rules/facet.js";
import { ANY_VALUES, numbersIn, type OperandRule, type OperandRules } from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

const scale: OperandRule = numbersIn(0.05, 0.5);

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  ConvInteger: ANY_VALUES,
  DequantizeLinear: { 1: scale },
  DynamicQuantizeLinear: ANY_VALUES,
  MatMulInteger: ANY_VALUES,
  QLinearConv: { 1: scale, 4: scale, 6: scale },
  QLinearMatMul: { 1: scale, 4: scale, 6: scale },
  QuantizeLinear: { 1: scale },
};
