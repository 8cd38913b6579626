import type { Value } from "../../ir/graph.js";
import type { StandardOperator } from "../../ir/operator-name.js";
import type { GradientContext, GradientRule, GradientRules } from "../../rules/gradient/rule.js";
import { add, divide, multiply, negate, scalarLike, subtract } from "../../rules/gradient/support.js";

/** A rule for y = f(x), element by element. */
export function unary(local: (c: GradientContext, g: Value, x: Value, y: Value) => Value): GradientRule {
  return (c) => {
    const g = c.grad(0);
    return [g === undefined ? undefined : local(c, g, c.input(0), c.output(0))];
  };
}

/** 1 + x^2. */
function onePlusSquare(c: GradientContext, x: Value): Value {
  return add(c, multiply(c, x, x), scalarLike(c, 1, x));
}

/** (1 - x)(1 + x): 1 - x^2 without its cancellation near 1. */
function oneMinusSquare(c: GradientContext, x: Value): Value {
  const one = scalarLike(c, 1, x);
  return multiply(c, subtract(c, one, x), add(c, one, x));
}

function apply(c: GradientContext, opType: StandardOperator, x: Value): Value {
  return c.build.op(opType, [x]);
}

/** Functions of one number that have a name in calculus. */
type NamedFunction =
  | "Abs"
  | "Acos"
  | "Acosh"
  | "Asin"
  | "Asinh"
  | "Atan"
  | "Atanh"
  | "Cos"
  | "Cosh"
  | "Erf"
  | "Exp"
  | "Log"
  | "Neg"
  | "Reciprocal"
  | "Sin"
  | "Sinh"
  | "Sqrt"
  | "Tan";

/** Their gradients. Where the derivative is a simple function of the result, the result is used. */
export const functionGradients: GradientRules<NamedFunction> = {
  Abs: unary((c, g, x) => multiply(c, g, apply(c, "Sign", x))),
  Acos: unary((c, g, x) => negate(c, divide(c, g, apply(c, "Sqrt", oneMinusSquare(c, x))))),
  Acosh: unary((c, g, x) => divide(c, g, apply(c, "Sqrt", negate(c, oneMinusSquare(c, x))))),
  Asin: unary((c, g, x) => divide(c, g, apply(c, "Sqrt", oneMinusSquare(c, x)))),
  Asinh: unary((c, g, x) => divide(c, g, apply(c, "Sqrt", onePlusSquare(c, x)))),
  Atan: unary((c, g, x) => divide(c, g, onePlusSquare(c, x))),
  Atanh: unary((c, g, x) => divide(c, g, oneMinusSquare(c, x))),
  Cos: unary((c, g, x) => negate(c, multiply(c, g, apply(c, "Sin", x)))),
  Cosh: unary((c, g, x) => multiply(c, g, apply(c, "Sinh", x))),
  Erf: unary((c, g, x) => {
    const bell = apply(c, "Exp", negate(c, multiply(c, x, x)));
    return multiply(c, multiply(c, g, scalarLike(c, 2 / Math.sqrt(Math.PI), g)), bell);
  }),
  Exp: unary((c, g, _, y) => multiply(c, g, y)),
  Log: unary((c, g, x) => divide(c, g, x)),
  Neg: unary((c, g) => negate(c, g)),
  Reciprocal: unary((c, g, _, y) => negate(c, multiply(c, g, multiply(c, y, y)))),
  Sin: unary((c, g, x) => multiply(c, g, apply(c, "Cos", x))),
  Sinh: unary((c, g, x) => multiply(c, g, apply(c, "Cosh", x))),
  Sqrt: unary((c, g, _, y) => divide(c, multiply(c, g, scalarLike(c, 0.5, g)), y)),
  Tan: unary((c, g, _, y) => multiply(c, g, onePlusSquare(c, y))),
};
