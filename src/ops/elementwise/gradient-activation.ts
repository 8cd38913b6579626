import type { Value } from "../../ir/graph.js";
import type { GradientContext, GradientRule, GradientRules } from "../../rules/gradient/rule.js";
import {
  add,
  castLike,
  divide,
  multiply,
  scalarLike,
  select,
  subtract,
  sumTo,
} from "../../rules/gradient/support.js";
import type { OperatorsWith } from "../../rules/operator.js";
import { unary } from "./gradient-unary.js";
import type { OPERATORS } from "./operators.js";
import { SELU_ALPHA, SELU_GAMMA } from "./reference.js";

/** x > threshold. Masks look at the input: the output of a LeakyRelu of negative slope has the other sign. */
function above(c: GradientContext, x: Value, threshold = 0): Value {
  return c.build.op("Greater", [x, scalarLike(c, threshold, x)]);
}

function scale(c: GradientContext, x: Value, factor: number): Value {
  return factor === 1 ? x : multiply(c, x, scalarLike(c, factor, x));
}

function plus(c: GradientContext, x: Value, term: number): Value {
  return add(c, x, scalarLike(c, term, x));
}

/** 1 - x. */
function complement(c: GradientContext, x: Value): Value {
  return subtract(c, scalarLike(c, 1, x), x);
}

const prelu: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const [x, slope] = [c.input(0), c.input(1)];
  const positive = above(c, x);
  const local = c.needs(1)
    ? c.build.op("Where", [positive, scalarLike(c, 0, g), multiply(c, g, x)])
    : undefined;
  return [
    c.needs(0) ? select(c, positive, g, multiply(c, g, slope)) : undefined,
    local === undefined ? undefined : sumTo(c, local, slope, x),
  ];
};

/** x <= -3: 0; x >= 3: 1; between: x/3 + 1/2. */
const hardSwish = unary((c, g, x) => {
  const middle = multiply(c, g, plus(c, scale(c, x, 1 / 3), 0.5));
  const high = c.build.op("GreaterOrEqual", [x, scalarLike(c, 3, x)]);
  return select(c, above(c, x, -3), select(c, high, g, middle));
});

const INVERSE_ROOT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);

/** Phi(x) + x phi(x), with the normal distribution and its density. */
function geluByErf(c: GradientContext, x: Value): Value {
  const erf = c.build.op("Erf", [scale(c, x, Math.SQRT1_2)]);
  const bell = c.build.op("Exp", [scale(c, multiply(c, x, x), -0.5)]);
  return add(c, scale(c, plus(c, erf, 1), 0.5), multiply(c, x, scale(c, bell, INVERSE_ROOT_TWO_PI)));
}

const ROOT_TWO_BY_PI = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** y = x (1 + t) / 2 with t = tanh(u) and u = sqrt(2/pi) (x + 0.044715 x^3). */
function geluByTanh(c: GradientContext, x: Value): Value {
  const square = multiply(c, x, x);
  const u = multiply(c, scale(c, x, ROOT_TWO_BY_PI), plus(c, scale(c, square, CUBIC), 1));
  const t = c.build.op("Tanh", [u]);
  const du = plus(c, scale(c, square, 3 * CUBIC * ROOT_TWO_BY_PI), ROOT_TWO_BY_PI);
  const inner = multiply(c, multiply(c, x, complement(c, multiply(c, t, t))), du);
  return scale(c, add(c, plus(c, t, 1), inner), 0.5);
}

type Activation = OperatorsWith<typeof OPERATORS, "nonlinearity"> | "Shrink";

/** Activation functions. At a kink the derivative is the one from the left, as in PyTorch. */
export const activationGradients: GradientRules<Activation> = {
  Celu: unary((c, g, x, y) => {
    const slope = plus(c, scale(c, y, 1 / c.node.float("alpha", 1)), 1);
    return select(c, above(c, x), g, multiply(c, g, slope));
  }),
  Elu: unary((c, g, x, y) => select(c, above(c, x), g, multiply(c, g, plus(c, y, c.node.float("alpha", 1))))),
  Gelu: unary((c, g, x) => {
    const isTanh = c.node.string("approximate", "none") === "tanh";
    return multiply(c, g, isTanh ? geluByTanh(c, x) : geluByErf(c, x));
  }),
  // The result is strictly between 0 and 1 exactly where the line is.
  HardSigmoid: unary((c, g, _, y) => {
    const inside = c.build.op("And", [above(c, y), c.build.op("Less", [y, scalarLike(c, 1, y)])]);
    return select(c, inside, scale(c, g, c.node.float("alpha", 0.2)));
  }),
  HardSwish: hardSwish,
  LeakyRelu: unary((c, g, x) => select(c, above(c, x), g, scale(c, g, c.node.float("alpha", 0.01)))),
  Mish: unary((c, g, x) => {
    const t = c.build.op("Tanh", [c.build.op("Softplus", [x])]);
    const inner = multiply(c, x, c.build.op("Sigmoid", [x]));
    return multiply(c, g, add(c, t, multiply(c, inner, complement(c, multiply(c, t, t)))));
  }),
  PRelu: prelu,
  // onnxruntime multiplies by a mask in half the time of a Where. The mask comes from y, so that x need not stay in memory.
  Relu: unary((c, g, _, y) => multiply(c, g, castLike(c, above(c, y), g))),
  Selu: unary((c, g, x, y) => {
    const [alpha, gamma] = [c.node.float("alpha", SELU_ALPHA), c.node.float("gamma", SELU_GAMMA)];
    return select(c, above(c, x), scale(c, g, gamma), multiply(c, g, plus(c, y, alpha * gamma)));
  }),
  Shrink: unary((c, g, x) => {
    const far = above(c, c.build.op("Abs", [x]), c.node.float("lambd", 0.5));
    return select(c, far, g);
  }),
  Sigmoid: unary((c, g, _, y) => multiply(c, g, multiply(c, y, complement(c, y)))),
  Softplus: unary((c, g, x) => multiply(c, g, c.build.op("Sigmoid", [x]))),
  Softsign: unary((c, g, x) => {
    const denominator = plus(c, c.build.op("Abs", [x]), 1);
    return divide(c, g, multiply(c, denominator, denominator));
  }),
  Swish: unary((c, g, x) => {
    const alpha = c.node.float("alpha", 1);
    const s = c.build.op("Sigmoid", [scale(c, x, alpha)]);
    const inner = multiply(c, scale(c, x, alpha), complement(c, s));
    return multiply(c, g, multiply(c, s, plus(c, inner, 1)));
  }),
  Tanh: unary((c, g, _, y) => multiply(c, g, complement(c, multiply(c, y, y)))),
  ThresholdedRelu: unary((c, g, x) => select(c, above(c, x, c.node.float("alpha", 1)), g)),
};
