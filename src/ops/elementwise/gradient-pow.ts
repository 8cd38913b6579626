import type { Value } from "../../ir/graph.js";
import type { GradientContext, GradientRule } from "../../rules/gradient/rule.js";
import {
  castLike,
  divide,
  multiply,
  negate,
  scalarLike,
  select,
  subtract,
  sumTo,
} from "../../rules/gradient/support.js";

/** y = x^p. The exponent may be of another type than the base, whose type the result has. */
export const POW: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const [x, p, y] = [c.input(0), c.input(1), c.output(0)];
  const gradients: (Value | undefined)[] = [];
  if (c.needs(0)) {
    const local = ofBase(c, g, x, p, y);
    gradients[0] = local === undefined ? undefined : sumTo(c, local, x, y);
  }
  if (c.needs(1)) {
    // The logarithm is real for positive bases only. At 0 the power is constant, and for negative bases it jumps.
    const positive = c.build.op("Greater", [x, scalarLike(c, 0, x)]);
    const local = select(c, positive, multiply(c, multiply(c, g, y), c.build.op("Log", [x])));
    gradients[1] = castLike(c, sumTo(c, local, p, y), p);
  }
  return gradients;
};

function ofBase(c: GradientContext, g: Value, x: Value, p: Value, y: Value): Value | undefined {
  const elements = c.facts.numbers(p);
  const exponent = elements?.length === 1 ? elements[0] : undefined;
  switch (exponent) {
    case undefined:
      return general(c, g, x, p);
    case 0:
      return undefined;
    case 1:
      return g;
    case 2:
      return multiply(c, g, multiply(c, x, scalarLike(c, 2, x)));
    case 0.5:
      return divide(c, multiply(c, g, scalarLike(c, 0.5, g)), y);
    case -1:
      return negate(c, multiply(c, g, multiply(c, y, y)));
    default: {
      const lower = exponent === 3 ? multiply(c, x, x) : power(c, x, scalarLike(c, exponent - 1, x));
      return multiply(c, multiply(c, g, scalarLike(c, exponent, g)), lower);
    }
  }
}

/** x^0 is 1 at 0 too, while 0 * 0^-1 is not a number. */
function general(c: GradientContext, g: Value, x: Value, exponent: Value): Value {
  const p = castLike(c, exponent, x);
  const zero = scalarLike(c, 0, x);
  const local = multiply(c, p, power(c, x, subtract(c, p, scalarLike(c, 1, x))));
  const isZero = c.build.op("Equal", [p, zero]);
  return multiply(c, g, c.build.op("Where", [isZero, zero, local]));
}

function power(c: GradientContext, x: Value, p: Value): Value {
  return c.build.op("Pow", [x, p]);
}
