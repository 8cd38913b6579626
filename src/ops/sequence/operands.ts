import type { FacetTable } from "../../rules/facet.js";
import { unevenParts } from "../../rules/operands/parts.js";
import {
  ANY_VALUES,
  always,
  exactly,
  type OperandRule,
  type OperandRules,
} from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

/** The length of each part; a single number is that of all of them. */
const parts: OperandRule = (at) => {
  const size = at.dims(0)?.at(at.node.int("axis", 0));
  if (size === undefined || at.count === undefined) return undefined;
  return at.dims(1)?.length === 0 ? exactly([Math.min(2, size)]) : exactly(unevenParts(size, at.count));
};

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  ConcatFromSequence: ANY_VALUES,
  Optional: ANY_VALUES,
  OptionalGetElement: ANY_VALUES,
  OptionalHasElement: ANY_VALUES,
  SequenceAt: { 1: always(0) },
  SequenceConstruct: ANY_VALUES,
  SequenceEmpty: ANY_VALUES,
  SequenceErase: { 1: always(0) },
  SequenceInsert: { 2: always(0) },
  SequenceLength: ANY_VALUES,
  SplitToSequence: { 1: parts },
};
