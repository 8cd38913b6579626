import { graphText } from "./text.js";

const CONSTANTS = [
  "float three = {3}",
  "float zero = {0}",
  "float six = {6}",
  "float sixth = {0.16666667}",
  "float half = {0.5}",
  "float one = {1}",
  "float two = {2}",
  "float cubed = {3}",
  "float root2 = {1.4142135}",
  "float rsqrt2 = {0.70710677}",
  "float rootpi = {0.7978846}",
  "float cubic = {0.044715}",
];

const used = (nodes: string): string[] =>
  CONSTANTS.filter((text) => new RegExp(`\\b${/(\w+)(\[1\])? =/.exec(text)?.[1]}\\b`).test(nodes));
/** A graph of one input, with the constants that its nodes read. */
export const unary = (nodes: string, input = "float[N,3,5] x"): string =>
  graphText(input, used(nodes), nodes);

interface Case {
  readonly opset: number;
  readonly spellings: readonly string[];
}

/** Each activation with the spellings that exporters write for it, and the opset that has the operator. */
export const CASES: Readonly<Record<string, Case>> = {
  HardSigmoid: {
    opset: 13,
    spellings: [
      "a = Add (x, three) b = Clip (a, zero, six) y = Div (b, six)",
      "a = Add (three, x) b = Clip (a, zero, six) y = Mul (sixth, b)",
      "a = Mul (x, sixth) b = Add (half, a) y = Clip (b, zero, one)",
      "a = Add (x, three) b = Relu (a) c = Min (b, six) y = Div (c, six)",
    ],
  },
  HardSwish: {
    opset: 14,
    spellings: [
      "a = Add (x, three) b = Clip (a, zero, six) c = Mul (x, b) y = Div (c, six)",
      "a = Add (x, three) b = Clip (a, zero, six) c = Mul (b, x) y = Mul (sixth, c)",
      "a = Add (x, three) b = Clip (a, zero, six) c = Div (b, six) y = Mul (x, c)",
      "a = Add (three, x) b = Max (a, zero) c = Min (six, b) d = Div (c, six) y = Mul (d, x)",
      "a = Add (three, x) b = Min (a, six) c = Max (zero, b) d = Mul (x, sixth) y = Mul (d, c)",
      "a = HardSigmoid <alpha = 0.16666667, beta = 0.5> (x) y = Mul (x, a)",
    ],
  },
  Mish: {
    opset: 18,
    spellings: [
      "a = Softplus (x) b = Tanh (a) y = Mul (x, b)",
      "a = Exp (x) b = Add (one, a) c = Log (b) d = Tanh (c) y = Mul (d, x)",
    ],
  },
  Swish: {
    opset: 24,
    spellings: [
      "a = Sigmoid (x) y = Mul (x, a)",
      "a = Mul (x, three) b = Sigmoid (a) y = Mul (b, x)",
      "a = Neg (x) b = Exp (a) c = Add (b, one) y = Div (x, c)",
    ],
  },
  Sigmoid: {
    opset: 13,
    spellings: [
      "a = Neg (x) b = Exp (a) c = Add (b, one) y = Div (one, c)",
      "a = Neg (x) b = Exp (a) c = Add (one, b) y = Reciprocal (c)",
    ],
  },
  Softsign: {
    opset: 13,
    spellings: ["a = Abs (x) b = Add (a, one) y = Div (x, b)", "a = Abs (x) b = Add (one, a) y = Div (x, b)"],
  },
  Softplus: { opset: 11, spellings: ["a = Exp (x) b = Add (a, one) y = Log (b)"] },
  Gelu: {
    opset: 20,
    spellings: [
      "a = Div (x, root2) b = Erf (a) c = Add (b, one) d = Mul (x, c) y = Mul (d, half)",
      "a = Div (x, root2) b = Erf (a) c = Add (b, one) d = Mul (x, half) y = Mul (d, c)",
      "a = Mul (x, rsqrt2) b = Erf (a) c = Add (one, b) d = Mul (half, c) y = Mul (d, x)",
      "a = Div (x, root2) b = Erf (a) c = Mul (b, half) d = Add (c, half) y = Mul (x, d)",
      "a = Div (x, root2) b = Erf (a) c = Add (b, one) d = Mul (c, x) y = Div (d, two)",
      "a = Pow (x, cubed) b = Mul (a, cubic) c = Add (x, b) d = Mul (c, rootpi) e = Tanh (d) f = Add (e, one) " +
        "g = Mul (half, x) y = Mul (g, f)",
      "s = Mul (x, x) a = Mul (s, x) b = Mul (cubic, a) c = Add (b, x) d = Mul (rootpi, c) e = Tanh (d) " +
        "f = Add (one, e) g = Mul (f, half) y = Mul (x, g)",
      "s = Mul (x, x) b = Mul (cubic, s) c = Add (b, one) k = Mul (rootpi, x) d = Mul (k, c) e = Tanh (d) " +
        "f = Add (one, e) g = Mul (x, f) y = Mul (g, half)",
    ],
  },
  LeakyRelu: {
    opset: 16,
    spellings: [
      "a = Mul (x, sixth) y = Max (x, a)",
      "p = Greater (x, zero) a = Mul (x, sixth) y = Where (p, x, a)",
      "p = Less (x, zero) a = Mul (sixth, x) y = Where (p, a, x)",
      "p = Less (zero, x) a = Mul (sixth, x) y = Where (p, x, a)",
    ],
  },
  Elu: {
    opset: 13,
    spellings: [
      "p = Greater (x, zero) a = Exp (x) b = Sub (a, one) c = Mul (b, two) y = Where (p, x, c)",
      "p = LessOrEqual (x, zero) a = Exp (x) b = Sub (a, one) y = Where (p, b, x)",
      "r = Relu (x) a = Exp (x) b = Sub (a, one) c = Mul (b, two) d = Min (c, zero) y = Add (r, d)",
    ],
  },
  Selu: {
    opset: 13,
    spellings: [
      "p = Greater (x, zero) k = Mul (x, two) a = Exp (x) b = Sub (a, one) c = Mul (b, three) y = Where (p, k, c)",
    ],
  },
  Celu: {
    opset: 13,
    spellings: [
      "r = Max (x, zero) q = Div (x, two) a = Exp (q) b = Sub (a, one) c = Mul (b, two) d = Min (c, zero) y = Add (r, d)",
    ],
  },
};
