import type { FacetTable } from "../../rules/facet.js";
import type { OperandRule, OperandRules } from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

/** The lengths of the sequences, of which axis 0 holds the steps, or with layout 1 axis 1. */
const lengths: OperandRule = (at) => {
  const steps = at.dims(0)?.[at.node.int("layout", 0)];
  return { kind: "range", low: 1, high: (steps ?? 1) + 1, whole: true };
};

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  GRU: { 4: lengths },
  LSTM: { 4: lengths },
  RNN: { 4: lengths },
};
