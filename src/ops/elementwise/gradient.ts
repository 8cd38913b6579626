import { isFloat } from "../../ir/dtype.js";
import type { Value } from "../../ir/graph.js";
import { type FacetTable, type Gap, opaque } from "../../rules/facet.js";
import { type GradientContext, type GradientRule, NO_GRADIENT } from "../../rules/gradient/rule.js";
import {
  addGradients,
  castLike,
  divide,
  multiply,
  negate,
  scalarLike,
  select,
  subtract,
  sumTo,
} from "../../rules/gradient/support.js";
import { activationGradients } from "./gradient-activation.js";
import { POW } from "./gradient-pow.js";
import { functionGradients } from "./gradient-unary.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** Gradients of all operands of a broadcasting operator, each reduced to its operand. */
function operands(local: (c: GradientContext, g: Value, index: number) => Value): GradientRule {
  return (c) => {
    const g = c.grad(0);
    if (g === undefined) return [];
    return c.node.inputs.map((value, index) =>
      value !== null && c.needs(index) ? sumTo(c, local(c, g, index), value, c.output(0)) : undefined,
    );
  };
}

const sub: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  return [
    c.needs(0) ? sumTo(c, g, c.input(0), c.output(0)) : undefined,
    c.needs(1) ? negate(c, sumTo(c, g, c.input(1), c.output(0))) : undefined,
  ];
};

/** g/b serves both: y = a/b changes with b by -y/b. */
const div: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const [a, b, y] = [c.input(0), c.input(1), c.output(0)];
  const quotient = divide(c, g, b);
  return [
    c.needs(0) ? sumTo(c, quotient, a, y) : undefined,
    c.needs(1) ? negate(c, sumTo(c, multiply(c, quotient, y), b, y)) : undefined,
  ];
};

/** Operands that are equal share the gradient; one that is NaN makes the result NaN and gets none. */
const extremum: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const y = c.output(0);
  const values = c.node.inputs.flatMap((value) => value ?? []);
  if (values.length === 1) return [g];
  const masks = values.map((value) => c.build.op("Equal", [value, y]));
  const count = addGradients(
    c.build,
    masks.map((mask) => castLike(c, mask, y)),
  );
  const share = count === undefined ? g : divide(c, g, count);
  return masks.map((mask, index) =>
    c.needs(index) ? sumTo(c, select(c, mask, share), c.input(index), y) : undefined,
  );
};

/** The bounds belong to the interval, as in PyTorch; where they cross, the upper one wins. */
const clip: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const { build } = c;
  const [x, low, high] = [c.input(0), c.node.input(1), c.node.input(2)];
  const both = (a: Value | undefined, b: Value | undefined): Value | undefined =>
    a === undefined || b === undefined ? (a ?? b) : build.op("And", [a, b]);
  const gradients: (Value | undefined)[] = [];
  if (c.needs(0)) {
    const inside = both(
      low && build.op("GreaterOrEqual", [x, low]),
      high && build.op("LessOrEqual", [x, high]),
    );
    gradients[0] = inside === undefined ? g : select(c, inside, g);
  }
  if (low !== undefined && c.needs(1)) {
    const below = both(build.op("Less", [x, low]), high && build.op("LessOrEqual", [low, high]));
    gradients[1] = sumTo(c, below === undefined ? g : select(c, below, g), low, x);
  }
  if (high !== undefined && c.needs(2)) {
    const above = build.op("Greater", [x, high]);
    const crossed = low && build.op("Greater", [low, high]);
    gradients[2] = sumTo(
      c,
      select(c, crossed === undefined ? above : build.op("Or", [above, crossed]), g),
      high,
      x,
    );
  }
  return gradients;
};

const where: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const [condition, yes, no, y] = [c.input(0), c.input(1), c.input(2), c.output(0)];
  return [
    undefined,
    c.needs(1) ? sumTo(c, select(c, condition, g), yes, y) : undefined,
    c.needs(2) ? sumTo(c, c.build.op("Where", [condition, scalarLike(c, 0, g), g]), no, y) : undefined,
  ];
};

/** For floats fmod is 1 and y = a - b * trunc(a/b); the quotient is computed from the result, because it is exact there. */
const mod: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const [a, b, y] = [c.input(0), c.input(1), c.output(0)];
  let second: Value | undefined;
  if (c.needs(1)) {
    const quotient = c.build.op("Round", [divide(c, subtract(c, a, y), b)]);
    second = negate(c, sumTo(c, multiply(c, g, quotient), b, y));
  }
  return [c.needs(0) ? sumTo(c, g, a, y) : undefined, second];
};

const cast: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined || !c.needs(0)) return [];
  for (const value of [c.input(0), c.output(0)]) {
    const dtype = c.facts.dtype(value);
    if (dtype !== undefined && !isFloat(dtype)) return refusals.typeIsTooCoarseForGradients(dtype);
  }
  return [castLike(c, g, c.input(0))];
};

const DISCRETE: Gap = opaque("it gives integers or truth values");

/** Sign and rounding have NO_GRADIENT, because they are constant wherever they have a derivative. */
export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  ...activationGradients,
  ...functionGradients,
  Add: operands((_, g) => g),
  And: DISCRETE,
  BitCast: DISCRETE,
  BitShift: DISCRETE,
  BitwiseAnd: DISCRETE,
  BitwiseNot: DISCRETE,
  BitwiseOr: DISCRETE,
  BitwiseXor: DISCRETE,
  Cast: cast,
  CastLike: cast,
  Ceil: NO_GRADIENT,
  Clip: clip,
  Div: div,
  Equal: DISCRETE,
  Floor: NO_GRADIENT,
  Greater: DISCRETE,
  GreaterOrEqual: DISCRETE,
  IsInf: DISCRETE,
  IsNaN: DISCRETE,
  Less: DISCRETE,
  LessOrEqual: DISCRETE,
  Max: extremum,
  Mean: operands((c, g) => divide(c, g, scalarLike(c, c.node.inputs.length, g))),
  Min: extremum,
  Mod: mod,
  Mul: operands((c, g, index) => multiply(c, g, c.input(1 - index))),
  Not: DISCRETE,
  Or: DISCRETE,
  Pow: POW,
  Round: NO_GRADIENT,
  Sign: NO_GRADIENT,
  Sub: sub,
  Sum: operands((_, g) => g),
  Where: where,
  Xor: DISCRETE,
};
