import type { FacetTable } from "../../rules/facet.js";
import { fill } from "../../rules/operands/parts.js";
import {
  ANY_VALUES,
  exactly,
  firstAxes,
  type OperandRule,
  type OperandRules,
} from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

/**
 * The declared sizes where they hold as many elements as the data; otherwise sizes that weights ask for, and the rest spread
 * over the other axes.
 */
const target: OperandRule = (at) => {
  const total = at.dims(0)?.reduce((sum, size) => sum * size, 1);
  if (total === undefined || at.count === undefined) return undefined;
  const declared = at.declared(0);
  if (declared?.length === at.count && declared.reduce((sum, size) => sum * size, 1) === total)
    return exactly(declared);
  const fixed = Array.from({ length: at.count }, (_, axis) => at.sizeByWeight(axis));
  return exactly(fill(fixed, total));
};

/** Squeeze takes out axes of size 1. */
const axesOfOne: OperandRule = (at) => {
  const ones = at.dims(0)?.flatMap((size, axis) => (size === 1 ? [axis] : []));
  return at.count === undefined ? undefined : exactly(ones?.slice(0, at.count));
};

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  Flatten: ANY_VALUES,
  Identity: ANY_VALUES,
  Reshape: { 1: target },
  Shape: ANY_VALUES,
  Size: ANY_VALUES,
  Squeeze: { 1: axesOfOne },
  Unsqueeze: { 1: firstAxes },
};
