import {
  type Build,
  bn,
  convolution,
  image,
  positive,
  type Sizes,
  signed,
} from "../../support/affine-cases.js";
import { normalize } from "../../support/text.js";
import { applied, IS_OUTPUT, type PeerRows, READ_TWICE, refused } from "./row.js";

type Constants = (z: Sizes) => readonly string[];
const none: Constants = () => [];

/** Conv with a bias to c, a view of c to t, and a normalization of t. */
const over =
  (view: string, constants: Constants = none, make = signed, outputs = "y"): Build =>
  (z) => ({
    input: image({ ...z, N: 3 }),
    constants: [...convolution("f", z.C, z.K), ...constants(z), make("bn", z.K)],
    nodes: `c = Conv (x, f_W, f_b) ${view} ${bn}`,
    outputs,
  });

const POOL = "kernel_shape = [2, 2], strides = [2, 2]";
const SCALES = "float[4] scales = {1, 1, 2, 2}";
const LESS: Constants = (z) => [`int64[3] shape = {3, ${z.K}, ${z.H * z.W}}`];

const joined =
  (op: string, channels: (z: Sizes) => number, outputs = "y"): Build =>
  (z) => ({
    input: image(z),
    constants: [...convolution("f", z.C, z.K), ...convolution("g", z.C, z.K), signed("bn", channels(z))],
    nodes: `c = Conv (x, f_W, f_b) d = Conv (x, g_W, g_b) t = ${op} (c, d) ${bn}`,
    outputs,
  });

const split =
  (axis: number, parts: (z: Sizes) => readonly number[], after: string, outputs: string): Build =>
  (z) => ({
    input: image(z),
    constants: [
      ...convolution("f", z.C, z.K + 3),
      `int64[2] parts = {${parts(z).join(", ")}}`,
      signed("bn", axis === 1 ? z.K : z.K + 3),
      signed("o", 3),
    ].slice(0, after.includes("o_gamma") ? 5 : 4),
    nodes: `c = Conv (x, f_W, f_b) t, u = Split <axis = ${axis}> (c, parts) ${bn} ${after}`,
    outputs,
  });
const CHANNELS = (z: Sizes): number[] => [z.K, 3];
const BOUNDS = [
  "int64[1] zero = {0}",
  "int64[1] one = {1}",
  "int64[1] two = {2}",
  "int64[1] all = {2147483647}",
];
const sliced =
  (first: string, constants: Constants): Build =>
  (z) => ({
    input: image(z),
    constants: [...convolution("f", z.C, 5), ...constants(z), signed("bn", 2), signed("o", 3)],
    nodes: `c = Conv (x, f_W, f_b) t = Slice (c, zero, two, one) u = Slice (c, ${first}, all, one)
      ${bn} ${normalize("z", "u", "o")}`,
    outputs: "y, z",
  });

/** Rows 34 to 37: through other operators, against the flow of data. */
export const PASSING: PeerRows = {
  34: {
    text: "BatchNormalization across MaxPool, AveragePool, GlobalAveragePool, Resize, Transpose, Reshape",
    applied: [
      applied("MaxPool", over(`t = MaxPool <${POOL}> (c)`, none, positive), ["Conv", "MaxPool"]),
      applied("AveragePool", over(`t = AveragePool <${POOL}, pads = [0, 1, 1, 0]> (c)`), [
        "Conv",
        "AveragePool",
      ]),
      applied("GlobalAveragePool", over("t = GlobalAveragePool (c)"), ["Conv", "GlobalAveragePool"]),
      applied(
        "Resize",
        over('t = Resize <mode = "linear"> (c, "", scales)', () => [SCALES]),
        ["Conv", "Resize"],
      ),
      applied("Transpose of height and width", over("t = Transpose <perm = [0, 1, 3, 2]> (c)"), [
        "Conv",
        "Transpose",
      ]),
      applied("Reshape that keeps the channels", over("t = Reshape (c, shape)", LESS), ["Conv", "Reshape"]),
    ],
    refused: [
      refused("a negative scale and MaxPool", over(`t = MaxPool <${POOL}> (c)`), "scale-is-negative", {
        left: ["Conv", "MaxPool", "Mul"],
      }),
      refused(
        "a shift and AveragePool that counts its padding",
        over(`t = AveragePool <${POOL}, pads = [0, 1, 1, 0], count_include_pad = 1> (c)`),
        "padding-is-counted",
        { left: ["Conv", "AveragePool", "Add"] },
      ),
      refused(
        "Transpose that moves other axes to the channels' place",
        (z) => ({
          input: `float[3,${z.C},${z.K},${z.W}] x`,
          constants: [...convolution("f", z.C, z.M + 5), signed("bn", z.K)],
          nodes: `c = Conv (x, f_W, f_b) t = Transpose <perm = [0, 2, 1, 3]> (c) ${bn}`,
        }),
        /the map runs along axis 2/,
      ),
      refused(
        "Reshape that mixes channels and places",
        (z) => ({
          input: `float[3,${z.C},${z.H},${z.W}] x`,
          constants: [
            ...convolution("f", z.C, z.K),
            `int64[3] shape = {3, ${z.K * z.H}, ${z.W}}`,
            signed("bn", z.K * z.H),
          ],
          nodes: `c = Conv (x, f_W, f_b) t = Reshape (c, shape) ${bn}`,
        }),
        "axis-has-no-counterpart",
      ),
    ],
  },
  35: {
    text: "Conv and Conv, Concat, BatchNormalization (split by branch)",
    applied: [
      applied(
        "each takes its part",
        joined("Concat <axis = 1>", (z) => 2 * z.K),
        ["Conv", "Conv", "Concat"],
      ),
      applied(
        "along the rows each takes the whole",
        joined("Concat <axis = 2>", (z) => z.K),
        ["Conv", "Conv", "Concat"],
      ),
    ],
    refused: [
      refused(
        "callers read both",
        joined("Concat <axis = 1>", (z) => 2 * z.K, "y, d, c"),
        IS_OUTPUT,
      ),
      refused(
        "one branch takes nothing",
        (z) => ({
          input: image(z),
          constants: [...convolution("f", z.C, z.K), signed("bn", z.K + z.C)],
          nodes: `c = Conv (x, f_W, f_b) s = Sigmoid (x) t = Concat <axis = 1> (c, s) ${bn}`,
        }),
        /Sigmoid "s" takes no scale and shift/,
      ),
    ],
  },
  36: {
    text: "Conv and Conv, residual Add, BatchNormalization",
    applied: [
      applied(
        "both take it",
        joined("Add", (z) => z.K),
        ["Conv", "Conv", "Add"],
      ),
    ],
    refused: [
      refused(
        "callers read both",
        joined("Add", (z) => z.K, "y, d, c"),
        IS_OUTPUT,
      ),
      refused(
        "the residual is an input",
        (z) => ({
          input: image(z),
          constants: [...convolution("f", z.C, z.C), signed("bn", z.C)],
          nodes: `c = Conv (x, f_W, f_b) t = Add (c, x) ${bn}`,
        }),
        /graph input "x" takes no scale/,
        { left: ["Conv", "Add", "Mul"] },
      ),
    ],
  },
  37: {
    text: "Conv, Split or Slice, a BatchNormalization each",
    applied: [
      applied("Split", split(1, CHANNELS, normalize("z", "u", "o"), "y, z"), ["Conv", "Split"]),
      applied(
        "Slice",
        sliced("two", () => BOUNDS),
        ["Conv", "Slice", "Slice"],
      ),
    ],
    refused: [
      refused(
        "Split of the rows: the other rows would be mapped too",
        split(2, (z) => [2, z.H - 2], "z = Exp (u)", "y, z"),
        "other-outputs-would-be-mapped",
      ),
      refused(
        "Slices with a channel in common",
        (z) => {
          const { constants, ...rest } = sliced("one", () => BOUNDS)(z);
          return { ...rest, constants: [...constants.slice(0, -1), signed("o", 4)] };
        },
        READ_TWICE,
      ),
    ],
  },
};
