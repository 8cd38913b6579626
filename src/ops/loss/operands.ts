import type { FacetTable } from "../../rules/facet.js";
import { indices, type OperandRule, type OperandRules } from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

/** The classes are on axis 1 of the scores. */
const classes: OperandRule = (at) => indices(at.dims(0)?.[1]);

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  NegativeLogLikelihoodLoss: { 1: classes },
  SoftmaxCrossEntropyLoss: { 1: classes },
};
