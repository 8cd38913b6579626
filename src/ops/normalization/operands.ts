import type { FacetTable } from "../../rules/facet.js";
import { ANY_VALUES, numbersIn, type OperandRules } from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  BatchNormalization: { 4: numbersIn(0.1, 2) },
  GroupNormalization: ANY_VALUES,
  Hardmax: ANY_VALUES,
  ImageScaler: ANY_VALUES,
  InstanceNormalization: ANY_VALUES,
  LRN: ANY_VALUES,
  LayerNormalization: ANY_VALUES,
  LogSoftmax: ANY_VALUES,
  LpNormalization: ANY_VALUES,
  MeanVarianceNormalization: ANY_VALUES,
  RMSNormalization: ANY_VALUES,
  SimplifiedLayerNormalization: ANY_VALUES,
  Softmax: ANY_VALUES,
};
