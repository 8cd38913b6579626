import type { FacetTable } from "../../rules/facet.js";
import { indices, type OperandRule, type OperandRules } from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

/** The lengths of the sequences that padding fills up: up to that of the keys. */
const filledLengths: OperandRule = (at) => ({
  kind: "range",
  low: 1,
  high: (at.dims(1)?.at(-2) ?? 1) + 1,
  whole: true,
});

/** Positions into the tables of cosines. */
const positions: OperandRule = (at) => indices(at.dims(1)?.[0]);

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  Attention: { 6: filledLengths },
  RotaryEmbedding: { 3: positions },
};
