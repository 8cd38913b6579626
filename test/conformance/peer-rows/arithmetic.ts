import { type Build, positive, rows, type Sizes, signed } from "../../support/affine-cases.js";
import { constant, normalize } from "../../support/text.js";
import {
  ABOVE,
  applied,
  behind,
  IS_OUTPUT,
  type PeerCase,
  type PeerRow,
  type PeerRows,
  READ_TWICE,
  refused,
} from "./row.js";

type Constants = (z: Sizes) => readonly string[];

/** Behind a Conv with a bias into the Conv; where callers read the Conv, nothing moves. */
function arithmetic(text: string, cases: Readonly<Record<string, readonly [string, Constants]>>): PeerRow {
  const list = Object.entries(cases);
  return {
    text,
    applied: list.map(([name, [node, constants]]) => applied(name, behind(node, constants), ["Conv"])),
    refused: list.map(([name, [node, constants]]) =>
      refused(`${name}, callers read the Conv`, behind(node, constants, "y, c"), IS_OUTPUT),
    ),
  };
}

const sized =
  (dims: (z: Sizes) => readonly number[]): Constants =>
  (z) => [constant("k", dims(z), { low: 0.5, high: 2 })];
const SCALAR = sized(() => []);

/** A constant of as many elements as an axis that is not the channels'. */
const along =
  (op: string, dims: (z: Sizes) => readonly number[]): Build =>
  (z) => ({
    input: `float[${z.M},${z.C},${z.H},${z.W}] x`,
    constants: [
      constant("f_W", [z.K, z.C, 1, 1]),
      constant("f_b", [z.K]),
      constant("k", dims(z), { low: 0.5, high: 2 }),
    ],
    nodes: `c = Conv (x, f_W, f_b) y = ${op} (c, k)`,
  });
const OTHER_AXES = {
  W: [(z: Sizes) => [z.W], /axis 3/],
  H: [(z: Sizes) => [z.H, 1], /axis 2/],
  N: [(z: Sizes) => [z.M, 1, 1, 1], /axis 0/],
} as const;
const trapped: readonly PeerCase[] = ["Mul", "Add"].flatMap((op) =>
  Object.entries(OTHER_AXES).map(([axis, [dims, reason]]) =>
    refused(`${op} along ${axis}`, along(op, dims), reason),
  ),
);

const CHAIN: Constants = (z) => [
  ...ABOVE(z),
  constant("l", [1, z.K, 1, 1], { low: 0.5, high: 2 }),
  signed("bn", z.K),
  signed("o", z.K),
];

/** A chain behind a Conv into the Conv; where callers read every value of it, nothing moves. */
function chain(text: string, nodes: string, constants: Constants, visible: string, opset = 17): PeerRow {
  return {
    text,
    applied: [applied("a Conv is left", behind(nodes, constants), ["Conv"], { opset })],
    refused: [
      refused("callers read every value", behind(nodes, constants, `y, ${visible}`), IS_OUTPUT, { opset }),
    ],
  };
}

const DECOMPOSED = `d = Sub (c, mean) r = Sqrt (variance) n = Div (d, r) m = Mul (gamma, n) y = Add (m, beta)`;
const decomposed: Constants = (z) => [
  constant("mean", [1, z.K, 1, 1]),
  constant("variance", [1, z.K, 1, 1], { low: 0.5, high: 2 }),
  constant("gamma", [z.K, 1, 1]),
  constant("beta", [z.K, 1, 1]),
];

const CAFFE = `${normalize("a", "c", "bn")} s3 = Unsqueeze (s, axes) m = Mul (a, s3) t3 = Unsqueeze (t, axes) y = Add (t3, m)`;
const caffe: Constants = (z) => [
  signed("bn", z.K),
  constant("s", [z.K]),
  constant("t", [z.K]),
  "int64[2] axes = {1, 2}",
];

/** No linear operator near: behind an Abs, in front of an Exp. */
const alone =
  (
    nodes: string,
    outputs = "y",
    constants: Constants = (z) => [signed("bn", z.C), signed("o", z.C)],
  ): Build =>
  (z) => ({
    input: `float[${z.N},${z.C},${z.H},${z.W}] x`,
    constants: [...constants(z), constant("k", [z.C, 1, 1]), constant("l", [z.C, 1, 1])],
    nodes: `b = Abs (x) ${nodes}`,
    outputs,
  });
const BETWEEN = normalize("a", "b", "bn");
const KEPT = { left: ["Abs", "BatchNormalization", "Exp"] };

/** An operator without effect between a Conv and its normalization. */
function nothing(text: string, node: string): PeerRow {
  const nodes = `${node} ${normalize("y", "a", "bn")}`;
  return {
    text,
    applied: [applied("a Conv is left", behind(nodes), ["Conv"])],
    refused: [
      refused("callers read the Conv", behind(nodes, undefined, "y, c"), IS_OUTPUT, {
        left: ["Conv", "BatchNormalization"],
      }),
      refused("others read the Conv", behind(`${nodes} z = Exp (c)`, undefined, "y, z"), READ_TWICE, {
        left: ["Conv", "BatchNormalization", "Exp"],
      }),
    ],
  };
}

/** Rows 16 to 33: arithmetic with constants, and chains of it. */
export const ARITHMETIC: PeerRows = {
  16: arithmetic("Conv, Mul by a constant", {
    "[C,1,1]": ["y = Mul (c, k)", ABOVE],
    "[1,C,1,1]": ["y = Mul (c, k)", sized((z) => [1, z.K, 1, 1])],
  }),
  17: arithmetic("Conv, Mul by a scalar of rank 0", { scalar: ["y = Mul (c, k)", SCALAR] }),
  18: arithmetic("Conv with a bias, Mul by [1,1,1,1]", {
    "[1,1,1,1]": ["y = Mul (c, k)", sized(() => [1, 1, 1, 1])],
  }),
  19: arithmetic("Mul, the constant first", { "[C,1,1]": ["y = Mul (k, c)", ABOVE] }),
  20: {
    text: "Conv without a bias, Add of [C,1,1]",
    applied: [
      applied(
        "the constant becomes the bias of the second Conv",
        behind("d = Conv (c, V) y = Add (d, k)", (z) => [constant("V", [z.K, z.K, 1, 1]), ...ABOVE(z)]),
        ["Conv", "Conv"],
      ),
    ],
    refused: [
      refused(
        "callers read the second Conv",
        behind(
          "d = Conv (c, V) y = Add (d, k)",
          (z) => [constant("V", [z.K, z.K, 1, 1]), ...ABOVE(z)],
          "y, d",
        ),
        IS_OUTPUT,
      ),
    ],
  },
  21: arithmetic("Conv with a bias, Add", { "[C,1,1]": ["y = Add (c, k)", ABOVE] }),
  22: arithmetic("Add, the constant first; a scalar", {
    "the constant first": ["y = Add (k, c)", ABOVE],
    "a scalar": ["y = Add (c, k)", SCALAR],
  }),
  23: arithmetic("Conv, Sub or Div; a constant less the Conv", {
    Sub: ["y = Sub (c, k)", ABOVE],
    Div: ["y = Div (c, k)", ABOVE],
    "Sub from a constant": ["y = Sub (k, c)", ABOVE],
  }),
  24: {
    text: "trap: Conv, Add or Mul by a constant along W, H or N of as many elements as channels",
    applied: ["Mul", "Add"].map((op) =>
      applied(
        `${op} along the channels`,
        along(op, (z) => [z.K, 1, 1]),
        ["Conv"],
      ),
    ),
    refused: trapped,
  },
  25: chain(
    "Conv, Add, BatchNormalization",
    `a = Add (c, k) ${normalize("y", "a", "bn")}`,
    (z) => [...ABOVE(z), signed("bn", z.K)],
    "a, c",
  ),
  26: chain("Conv, Mul, Add", "a = Mul (c, k) y = Add (a, l)", (z) => CHAIN(z).slice(0, 2), "a, c"),
  27: {
    text: "Conv, decomposed BatchNormalization",
    applied: [
      applied(
        "Sub, Div, Mul, Add",
        behind("a = Sub (c, l) d = Div (a, k) e = Mul (d, l) y = Add (e, k)", CHAIN),
        ["Conv"],
      ),
      applied("the root of a constant variance", behind(DECOMPOSED, decomposed), ["Conv"]),
    ],
    refused: [
      refused(
        "callers read every value",
        behind(
          "a = Sub (c, l) d = Div (a, k) e = Mul (d, l) y = Add (e, k)",
          (z) => CHAIN(z).slice(0, 2),
          "y, a, c, d, e",
        ),
        IS_OUTPUT,
      ),
      refused(
        "the divisor is computed from the input",
        behind("d = Sub (c, mean) r = ReduceMax <axes = [0, 2, 3]> (c) e = Abs (r) y = Div (d, e)", (z) => [
          constant("mean", [1, z.K, 1, 1]),
        ]),
        READ_TWICE,
      ),
    ],
  },
  28: chain(
    "Conv, two BatchNormalizations",
    `${normalize("a", "c", "bn")} ${normalize("y", "a", "o", "<epsilon = 0.125>")}`,
    (z) => [signed("bn", z.K), signed("o", z.K)],
    "a, c",
  ),
  29: {
    text: "Conv, BatchNormalization, Mul, Add (Caffe's Scale, its parameters through Unsqueeze)",
    applied: [applied("a Conv is left", behind(CAFFE, caffe), ["Conv"])],
    refused: [
      refused("callers read every value", behind(CAFFE, caffe, "y, a, c, m"), IS_OUTPUT, {
        left: ["Conv", "BatchNormalization", "Mul", "Add"],
      }),
    ],
  },
  30: {
    text: "two BatchNormalizations, BatchNormalization with Mul and Add, no Conv near",
    applied: [
      applied(
        "two BatchNormalizations are one",
        alone(`${BETWEEN} ${normalize("d", "a", "o")} y = Exp (d)`),
        KEPT.left,
      ),
      applied(
        "Mul and Add join it",
        alone(`${BETWEEN} d = Mul (a, k) e = Add (l, d) y = Exp (e)`),
        KEPT.left,
      ),
    ],
    refused: [
      refused(
        "callers read the value between",
        alone(`${BETWEEN} ${normalize("d", "a", "o")} y = Exp (d)`, "y, a"),
        IS_OUTPUT,
        { left: ["Abs", "BatchNormalization", "BatchNormalization", "Exp"] },
      ),
    ],
  },
  31: {
    text: "a BatchNormalization alone becomes Mul and Add",
    // BatchNormalization moves as many bytes as one Mul, and Mul with Add twice as many, so it stays one node.
    applied: [
      applied(
        "one half passes the Relu, into the Gemm behind: an Add is left",
        (z) => ({
          input: rows(z),
          constants: [positive("bn", z.C), constant("B", [z.C, z.K]), constant("c", [z.K])],
          nodes: `b = Abs (x) ${BETWEEN} r = Relu (a) y = Gemm (r, B, c)`,
        }),
        ["Abs", "Add", "Relu", "Gemm"],
      ),
    ],
    refused: [
      refused(
        "it stays as one node",
        alone(`${BETWEEN} y = Exp (a)`, "y", (z) => [signed("bn", z.C)]),
        /Exp "y" takes no scale and shift of its input/,
        KEPT,
      ),
    ],
  },
  32: nothing("Conv, Identity, BatchNormalization", "a = Identity (c)"),
  33: nothing("Conv, Dropout, BatchNormalization", "a = Dropout (c)"),
};
