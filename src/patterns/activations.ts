import type { Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { type Context, type Found, near } from "./found.js";
import {
  affine,
  any,
  bound,
  boundsKeepShape,
  clipped,
  commutative,
  either,
  type Matcher,
  op,
  product,
  scalar,
} from "./match.js";
import { HALF_AND_FLOAT, type Meaning, numberOf, type Spelling, valueNamed, withFloats } from "./reading.js";

const x = any("x");

/** Clip(a x + b), scaled and shifted: a piecewise linear step. */
const ramp: Matcher = affine(clipped(affine(x, "a", "b")), "s", "t");

/** Slope and offset of a ramp from 0 to 1; undefined if it runs between other levels. */
function unitRamp(found: Found, factor: number, context: Context): readonly [number, number] | undefined {
  const [s, t] = [factor * numberOf(found, "s"), factor * numberOf(found, "t")];
  const [low, high] = [s * numberOf(found, "low") + t, s * numberOf(found, "high") + t];
  // A level of zero is a difference of rounded numbers, so its error is measured relative to one.
  if (!(s > 0) || !near(1 + low, 1, context) || !near(high, 1, context)) return undefined;
  return [s * numberOf(found, "a"), s * numberOf(found, "b") + t];
}

/** The operator of one input when the reading keeps the input's shape. */
function unary(
  found: Found,
  { facts }: Context,
  opType: StandardOperator,
  since: number,
  attributes: Readonly<Record<string, number | string>> = {},
): Meaning | undefined {
  const input = valueNamed(found, "x");
  if (input === undefined || !boundsKeepShape(found, input, facts)) return undefined;
  return { opType, inputs: [input], attributes: withFloats(attributes), since };
}

/** HardSigmoid(x) = max(0, min(1, alpha x + beta)). */
const hardSigmoid: Spelling = {
  ends: ["Add", "Clip", "Div", "Max", "Min", "Mul", "Relu", "Sub"],
  dtypes: HALF_AND_FLOAT,
  read: ramp,
  meaning: (found, context) => {
    const [alpha, beta] = unitRamp(found, 1, context) ?? [];
    if (alpha === undefined || beta === undefined) return undefined;
    // Without a shift it is a Clip, which other passes can do more with.
    if (numberOf(found, "b") === 0 || alpha === 0) return undefined;
    return unary(found, context, "HardSigmoid", 6, { alpha, beta });
  },
};

/** HardSwish(x) = x max(0, min(1, x/6 + 1/2)). */
const hardSwish: Spelling = {
  ends: ["Div", "Mul"],
  dtypes: HALF_AND_FLOAT,
  read: either(product([x, ramp], "c"), product([x, hardSigmoidNode()], "c")),
  meaning: (found, context) => {
    const factor = numberOf(found, "c");
    const own = found.numbers.has("alpha");
    const [alpha, beta] = own
      ? [factor * numberOf(found, "alpha"), factor * numberOf(found, "beta")]
      : (unitRamp(found, factor, context) ?? []);
    if (own && !near(factor, 1, context)) return undefined;
    if (!near(alpha, 1 / 6, context) || !near(beta, 1 / 2, context)) return undefined;
    return unary(found, context, "HardSwish", 14);
  },
};

function hardSigmoidNode(): Matcher {
  const { ends, read } = op("HardSigmoid", [x]);
  return {
    ends,
    *read(value, found, context) {
      for (const next of read(value, found, context)) {
        const numbers = new Map(next.numbers);
        numbers.set("alpha", value.producer?.float("alpha", 0.2) ?? Number.NaN);
        numbers.set("beta", value.producer?.float("beta", 0.5) ?? Number.NaN);
        yield { ...next, numbers };
      }
    },
  };
}

/** log(1 + exp(x)); where exp overflows the spelling is infinite, but Softplus is x. */
const logOfOnePlusExp: Matcher = op("Log", [affine(op("Exp", [x]), "s", "t")]);

const isOnePlus = (found: Found, context: Context): boolean =>
  near(numberOf(found, "s"), 1, context) && near(numberOf(found, "t"), 1, context);

const softplus: Spelling = {
  ends: ["Log"],
  dtypes: HALF_AND_FLOAT,
  read: logOfOnePlusExp,
  meaning: (found, context) => (isOnePlus(found, context) ? unary(found, context, "Softplus", 1) : undefined),
};

/** Mish(x) = x tanh(softplus(x)). */
const mish: Spelling = {
  ends: ["Div", "Mul"],
  dtypes: HALF_AND_FLOAT,
  read: product([x, op("Tanh", [either(op("Softplus", [x]), logOfOnePlusExp)])], "c"),
  meaning: (found, context) => {
    const spelled = found.numbers.has("s");
    if (!near(numberOf(found, "c"), 1, context) || (spelled && !isOnePlus(found, context))) return undefined;
    return unary(found, context, "Mish", 18);
  },
};

/** 1 + exp(-alpha x). */
const onePlusExp: Matcher = affine(op("Exp", [affine(x, "a", "b")]), "s", "t");

/** Swish(x) = x sigmoid(alpha x). */
const swish: Spelling = {
  ends: ["Div", "Mul"],
  dtypes: ["float", "float16", "double"],
  read: either(product([x, op("Sigmoid", [affine(x, "a", "b")])], "c"), op("Div", [x, onePlusExp])),
  meaning: (found, context) => {
    const spelled = found.numbers.has("s");
    if (spelled ? !isOnePlus(found, context) : !near(numberOf(found, "c"), 1, context)) return undefined;
    const alpha = spelled ? -numberOf(found, "a") : numberOf(found, "a");
    if (numberOf(found, "b") !== 0) return undefined;
    return unary(found, context, "Swish", 24, near(alpha, 1, context) ? {} : { alpha });
  },
};

/** Sigmoid(x) = 1 / (1 + exp(-x)). */
const sigmoid: Spelling = {
  ends: ["Div", "Reciprocal"],
  dtypes: ["float", "float16", "double"],
  read: either(op("Reciprocal", [onePlusExp]), op("Div", [scalar("one"), onePlusExp])),
  meaning: (found, context) => {
    const one = found.numbers.get("one") ?? 1;
    if (one !== 1 || !isOnePlus(found, context) || numberOf(found, "b") !== 0) return undefined;
    return numberOf(found, "a") === -1 ? unary(found, context, "Sigmoid", 1) : undefined;
  },
};

/** Softsign(x) = x / (1 + |x|), which PyTorch's exporters always spell out. */
const softsign: Spelling = {
  ends: ["Div"],
  dtypes: ["float"],
  read: op("Div", [x, affine(op("Abs", [x]), "s", "t")]),
  meaning: (found, context) => (isOnePlus(found, context) ? unary(found, context, "Softsign", 1) : undefined),
};

const erf: Matcher = affine(op("Erf", [affine(x, "a", "b")]), "s", "t");
const cube: Matcher = product([x, x, x], "q");

/** The argument of tanh: sqrt(2/pi) (x + 0.044715 x^3), or with x outside the brackets. */
const tanhArgument: Matcher = either(
  affine(commutative("Add", product([x], "p"), cube), "a", "b"),
  product([x, affine(product([x, x], "q"), "a", "p")], "r"),
);

const tanh: Matcher = affine(op("Tanh", [tanhArgument]), "s", "t");

/** Gelu(x) = x/2 (1 + erf(x / sqrt 2)), or with tanh (sqrt(2/pi) (x + 0.044715 x^3)) for erf. */
const gelu: Spelling = {
  ends: ["Div", "Mul"],
  spells: ["Gelu"],
  dtypes: HALF_AND_FLOAT,
  read: either(product([x, erf], "c"), product([x, tanh], "c")),
  meaning: (found, context) => {
    const factor = numberOf(found, "c");
    if (!near(factor * numberOf(found, "s"), 0.5, context)) return undefined;
    if (!near(factor * numberOf(found, "t"), 0.5, context)) return undefined;
    if (!found.numbers.has("q")) {
      const plain = near(numberOf(found, "a"), Math.SQRT1_2, context) && numberOf(found, "b") === 0;
      return plain ? unary(found, context, "Gelu", 20) : undefined;
    }
    const [a, p, q] = [numberOf(found, "a"), numberOf(found, "p"), numberOf(found, "q")];
    const outer = found.numbers.get("r");
    const [linear, cubic] = outer === undefined ? [a * p, a * q] : [outer * p, outer * a * q];
    if (outer === undefined && numberOf(found, "b") !== 0) return undefined;
    if (!near(linear, Math.sqrt(2 / Math.PI), context)) return undefined;
    if (!near(cubic / linear, 0.044715, context)) return undefined;
    return unary(found, context, "Gelu", 20, { approximate: "tanh" });
  },
};

const slope = any("slope");

/** PRelu(x, slope) = relu(x) - slope relu(-x). */
const prelu: Spelling = {
  ends: ["Sub"],
  dtypes: HALF_AND_FLOAT,
  read: op("Sub", [op("Relu", [x]), commutative("Mul", slope, op("Relu", [op("Neg", [x])]))]),
  meaning: (found, { facts }) => {
    const [input, factor] = [valueNamed(found, "x"), valueNamed(found, "slope")];
    if (input === undefined || factor === undefined || !fitsInto(factor, input, facts)) return undefined;
    return { opType: "PRelu", inputs: [input, factor], since: 7 };
  },
};

/** Whether broadcasting `value` to the shape of `input` is proven to leave that shape as it is. */
function fitsInto(value: Value, input: Value, facts: Context["facts"]): boolean {
  const [own, shape] = [facts.shape(value), facts.shape(input)];
  if (own === undefined || shape === undefined || own.length > shape.length) return false;
  const rest = shape.slice(shape.length - own.length);
  return own.every((dim, axis) => dim === 1 || (typeof dim === "number" && dim === rest[axis]));
}

/** LeakyRelu(x) = max(x, alpha x) for alpha between 0 and 1. */
const leakyRelu: Spelling = {
  ends: ["Max"],
  dtypes: HALF_AND_FLOAT,
  read: commutative("Max", x, product([x], "alpha")),
  meaning: (found, context) => {
    const alpha = numberOf(found, "alpha");
    return alpha > 0 && alpha < 1 ? unary(found, context, "LeakyRelu", 6, { alpha }) : undefined;
  },
};

const zero = scalar("zero");
const isPositive: Matcher = either(
  op("Greater", [x, zero]),
  op("GreaterOrEqual", [x, zero]),
  op("Less", [zero, x]),
  op("LessOrEqual", [zero, x]),
);
const isNegative: Matcher = either(
  op("Less", [x, zero]),
  op("LessOrEqual", [x, zero]),
  op("Greater", [zero, x]),
  op("GreaterOrEqual", [zero, x]),
);

/** A function by sign: positive values times g; negative ones times `alpha`, or `s` exp(x) + `t`. */
function bySign(negative: Matcher): Matcher {
  const positive = product([x], "g");
  return either(op("Where", [isPositive, positive, negative]), op("Where", [isNegative, negative, positive]));
}

const leakyReluBySign: Spelling = {
  ends: ["Where"],
  dtypes: HALF_AND_FLOAT,
  read: bySign(product([x], "alpha")),
  meaning: (found, context) => {
    if (numberOf(found, "zero") !== 0 || numberOf(found, "g") !== 1) return undefined;
    if (!comparesInPlace(found, context)) return undefined;
    return unary(found, context, "LeakyRelu", 6, { alpha: numberOf(found, "alpha") });
  },
};

/** Elu(x) = x for x > 0, alpha (exp(x) - 1) otherwise; Selu is gamma times it. */
const eluBySign: Spelling = {
  ends: ["Where"],
  dtypes: HALF_AND_FLOAT,
  read: bySign(affine(op("Exp", [x]), "s", "t")),
  meaning: (found, context) => {
    if (numberOf(found, "zero") !== 0 || !comparesInPlace(found, context)) return undefined;
    const [g, s] = [numberOf(found, "g"), numberOf(found, "s")];
    if (!(g > 0) || !near(numberOf(found, "t"), -s, context)) return undefined;
    if (g === 1) return unary(found, context, "Elu", 6, { alpha: s });
    return unary(found, context, "Selu", 6, { alpha: s / g, gamma: g });
  },
};

/** Where's condition must not have more dimensions than x: [1,1] compared with [5] is a matrix. */
function comparesInPlace(found: Found, { root, facts }: Context): boolean {
  const [input, output] = [valueNamed(found, "x"), root.output(0)];
  const rank = input === undefined ? undefined : facts.rank(input);
  return rank !== undefined && output !== undefined && facts.rank(output) === rank;
}

const notNegative = either(op("Relu", [x]), commutative("Max", x, bound("low bound", scalar("zero"))));

/** max(0, x) + min(0, alpha (exp(x / alpha) - 1)) is Celu; without the division it is Elu. */
const celu: Spelling = {
  ends: ["Add"],
  dtypes: ["float"],
  read: commutative(
    "Add",
    notNegative,
    commutative("Min", affine(op("Exp", [product([x], "a")]), "s", "t"), bound("high bound", scalar("high"))),
  ),
  meaning: (found, context) => {
    const [a, s] = [numberOf(found, "a"), numberOf(found, "s")];
    if ((found.numbers.get("zero") ?? 0) !== 0 || numberOf(found, "high") !== 0) return undefined;
    if (!(s > 0) || !near(numberOf(found, "t"), -s, context)) return undefined;
    if (a === 1) return unary(found, context, "Elu", 6, { alpha: s });
    return near(a, 1 / s, context) ? unary(found, context, "Celu", 12, { alpha: s }) : undefined;
  },
};

export const ACTIVATIONS: readonly Spelling[] = [
  hardSwish,
  mish,
  swish,
  gelu,
  softplus,
  softsign,
  sigmoid,
  prelu,
  leakyRelu,
  leakyReluBySign,
  eluBySign,
  celu,
  hardSigmoid,
];
