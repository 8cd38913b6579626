import { isFloat } from "../../ir/dtype.js";
import type { FacetTable } from "../../rules/facet.js";
import {
  ANY_VALUES,
  integersIn,
  numbersIn,
  type OperandRule,
  type OperandRules,
} from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

const positive: OperandRule = numbersIn(0.1, 2);
const insideOne: OperandRule = numbersIn(-0.9, 0.9);

/** A division of integers by zero ends the process. */
const divisor: OperandRule = ({ dtype }) =>
  dtype === undefined || isFloat(dtype) ? undefined : { kind: "range", low: 1, high: 9, whole: true };

/** Bounds that do not cross; those of unsigned integers too. */
const lowerBound: OperandRule = ({ dtype }) =>
  dtype !== undefined && isFloat(dtype)
    ? { kind: "range", low: -1, high: -0.1, whole: false }
    : { kind: "range", low: 1, high: 3, whole: true };
const upperBound: OperandRule = ({ dtype }) =>
  dtype !== undefined && isFloat(dtype)
    ? { kind: "range", low: 0.1, high: 1, whole: false }
    : { kind: "range", low: 5, high: 9, whole: true };

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  Abs: ANY_VALUES,
  Acos: { 0: insideOne },
  Acosh: { 0: numbersIn(1.1, 4) },
  Add: ANY_VALUES,
  And: ANY_VALUES,
  Asin: { 0: insideOne },
  Asinh: ANY_VALUES,
  Atan: ANY_VALUES,
  Atanh: { 0: insideOne },
  BitCast: ANY_VALUES,
  BitShift: { 1: integersIn(0, 8) },
  BitwiseAnd: ANY_VALUES,
  BitwiseNot: ANY_VALUES,
  BitwiseOr: ANY_VALUES,
  BitwiseXor: ANY_VALUES,
  Cast: ANY_VALUES,
  CastLike: ANY_VALUES,
  Ceil: ANY_VALUES,
  Celu: ANY_VALUES,
  Clip: { 1: lowerBound, 2: upperBound },
  Cos: ANY_VALUES,
  Cosh: ANY_VALUES,
  Div: { 1: divisor },
  Elu: ANY_VALUES,
  Equal: ANY_VALUES,
  Erf: ANY_VALUES,
  Exp: ANY_VALUES,
  Floor: ANY_VALUES,
  Gelu: ANY_VALUES,
  Greater: ANY_VALUES,
  GreaterOrEqual: ANY_VALUES,
  HardSigmoid: ANY_VALUES,
  HardSwish: ANY_VALUES,
  IsInf: ANY_VALUES,
  IsNaN: ANY_VALUES,
  LeakyRelu: ANY_VALUES,
  Less: ANY_VALUES,
  LessOrEqual: ANY_VALUES,
  Log: { 0: positive },
  Max: ANY_VALUES,
  Mean: ANY_VALUES,
  Min: ANY_VALUES,
  Mish: ANY_VALUES,
  Mod: { 1: divisor },
  Mul: ANY_VALUES,
  Neg: ANY_VALUES,
  Not: ANY_VALUES,
  Or: ANY_VALUES,
  PRelu: ANY_VALUES,
  Pow: ANY_VALUES,
  Reciprocal: ANY_VALUES,
  Relu: ANY_VALUES,
  Round: ANY_VALUES,
  Selu: ANY_VALUES,
  Shrink: ANY_VALUES,
  Sigmoid: ANY_VALUES,
  Sign: ANY_VALUES,
  Sin: ANY_VALUES,
  Sinh: ANY_VALUES,
  Softplus: ANY_VALUES,
  Softsign: ANY_VALUES,
  Sqrt: { 0: positive },
  Sub: ANY_VALUES,
  Sum: ANY_VALUES,
  Swish: ANY_VALUES,
  Tan: ANY_VALUES,
  Tanh: ANY_VALUES,
  ThresholdedRelu: ANY_VALUES,
  Where: ANY_VALUES,
  Xor: ANY_VALUES,
};
