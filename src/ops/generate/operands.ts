import type { FacetTable } from "../../rules/facet.js";
import { ANY_VALUES, always, integersIn, numbersIn, type OperandRules } from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  Bernoulli: { 0: numbersIn(0.1, 0.9) },
  Constant: ANY_VALUES,
  ConstantOfShape: { 0: integersIn(1, 4) },
  Dropout: { 1: numbersIn(0.1, 0.9), 2: always(0) },
  EyeLike: ANY_VALUES,
  Multinomial: ANY_VALUES,
  RandomNormal: ANY_VALUES,
  RandomNormalLike: ANY_VALUES,
  RandomUniform: ANY_VALUES,
  RandomUniformLike: ANY_VALUES,
  Range: { 0: always(1), 1: always(9), 2: always(2) },
};
