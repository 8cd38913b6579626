import { constant, normalize } from "../../support/text.js";
import { type Build, bn, convolution, image, positive, rows, type Sizes, signed } from "../affine-cases.js";
import { applied, IS_OUTPUT, type PeerCase, type PeerRows, READ_TWICE, refused } from "./row.js";

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

/** A normalization of x to a, then nodes from a. */
const ahead =
  (nodes: string, constants: Constants, outputs = "y", make = signed): Build =>
  (z) => ({
    input: image(z),
    constants: [make("bn", z.C), ...constants(z)],
    nodes: `${normalize("a", "x", "bn")} ${nodes}`,
    outputs,
  });
const CONV: Constants = (z) => convolution("f", z.C, z.K, [3, 2]);
const READ_BY_CALLERS = /"a" is a graph output/;

function intoConv(attributes: string, constants: Constants, left: readonly string[]): readonly PeerCase[] {
  const nodes = `y = Conv <${attributes}> (a, f_W, f_b)`;
  return [
    applied(attributes, ahead(nodes, constants), left),
    refused(`${attributes}, callers read the value`, ahead(nodes, constants, "y, a"), READ_BY_CALLERS),
  ];
}

const groupsOf =
  (group: number, into: number): Constants =>
  (z) => [constant("f_W", [into, z.C / group, 2, 3]), constant("f_b", [into])];
const [plainly, forbidden] = intoConv("strides = [2, 1]", CONV, ["Conv"]);
const GROUPED = [
  intoConv("group = 2", groupsOf(2, 6), ["Conv"]),
  intoConv("group = 4", groupsOf(4, 8), ["Conv"]),
];
const PADDED = [
  intoConv("pads = [1, 0, 2, 1]", CONV, ["Add", "Conv"]),
  intoConv(`auto_pad = "SAME_UPPER"`, CONV, ["Add", "Conv"]),
];
const firsts = (cases: readonly (readonly PeerCase[])[]): PeerCase[] =>
  cases.flatMap(([first]) => first ?? []);
const seconds = (cases: readonly (readonly PeerCase[])[]): PeerCase[] =>
  cases.flatMap(([, second]) => second ?? []);

const scaled =
  (outputs: string): Build =>
  (z) => ({
    input: image(z),
    constants: [...CONV(z), "float[4,1,1] k = {0.5, -2, 0, 1.5}"],
    nodes: "a = Mul (k, x) y = Conv <pads = [1, 0, 2, 1]> (a, f_W, f_b)",
    outputs,
  });

const matrix =
  (nodes: string, outputs = "y"): Build =>
  (z) => ({
    input: rows(z),
    constants: [
      constant("B", [z.C, z.K]),
      ...(nodes.includes("c0") ? [constant("c0", [z.K])] : []),
      signed("bn", z.C),
    ],
    nodes: `${normalize("a", "x", "bn")} ${nodes}`,
    outputs,
  });
const GEMM = "y = Gemm <alpha = 0.5, beta = -1.5> (a, B, c0)";

const flattened: Constants = (z) => [constant("B", [z.K, z.C * z.H * z.W]), constant("c0", [z.K])];
const FLAT = "f = Flatten (a) y = Gemm <transB = 1> (f, B, c0)";
const reshaped: Constants = (z) => [...flattened(z), `int64[2] shape = {-1, ${z.C * z.H * z.W}}`];
const pooled: Constants = (z) => [constant("B", [z.C, z.K]), constant("c0", [1, z.K])];
const POOLED = "g = GlobalAveragePool (a) f = Flatten (g) y = Gemm <alpha = 0.25> (f, B, c0)";

const transposed: Constants = (z) => [constant("f_W", [z.C, 3, 2, 2]), constant("f_b", [3])];
const two: Constants = (z) => [...convolution("f", z.C, z.K), constant("g", [z.K])];
const TWO = "y = Conv (a, f_W, f_b) z = Conv <strides = [2, 2]> (a, f_W, g)";
const afterRelu =
  (outputs = "y"): Build =>
  (z) => ({
    input: image(z),
    constants: [...convolution("f", z.C, z.K), signed("bn", z.C)],
    nodes: `r = Relu (x) ${normalize("a", "r", "bn")} y = Conv (a, f_W, f_b)`,
    outputs,
  });

/** Rows 34 to 45: through other operators, and into what comes behind. */
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
      refused(
        "a negative scale and MaxPool",
        over(`t = MaxPool <${POOL}> (c)`),
        /MaxPool lets no negative scale/,
        { left: ["Conv", "MaxPool", "Mul"] },
      ),
      refused(
        "a shift and AveragePool that counts its padding",
        over(`t = AveragePool <${POOL}, pads = [0, 1, 1, 0], count_include_pad = 1> (c)`),
        /counts its padding/,
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
        /no single axis/,
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
        /the other outputs of Split would be mapped too/,
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
  38: {
    text: "BatchNormalization, Conv without pads",
    applied: [
      ...firsts([plainly ? [plainly] : []]),
      applied(
        "1x1",
        ahead("y = Conv (a, f_W, f_b)", (z) => convolution("f", z.C, z.K)),
        ["Conv"],
      ),
    ],
    refused: forbidden ? [forbidden] : [],
  },
  39: { text: "BatchNormalization, Conv in groups", applied: firsts(GROUPED), refused: seconds(GROUPED) },
  40: {
    text: "BatchNormalization, padded Conv: the scale goes, the shift stays",
    applied: firsts(PADDED),
    refused: seconds(PADDED),
  },
  41: {
    text: "Mul, padded Conv",
    applied: [applied("scales of both signs and zero", scaled("y"), ["Conv"])],
    refused: [refused("callers read the product", scaled("y, a"), READ_BY_CALLERS)],
  },
  42: {
    text: "BatchNormalization, Gemm or MatMul",
    applied: [
      applied("Gemm", matrix(GEMM), ["Gemm"]),
      applied("MatMul", matrix("y = MatMul (a, B)"), ["Gemm"]),
      applied("MatMul and Add", matrix("m = MatMul (a, B) y = Add (c0, m)"), ["Gemm"]),
    ],
    refused: [
      refused("callers read the value", matrix(GEMM, "y, a"), READ_BY_CALLERS),
      refused(
        "the product of two values that are computed",
        (z) => ({
          input: `float[${z.M},${z.C}] x, float[${z.C},${z.K}] u`,
          constants: [constant("c0", [z.K]), signed("bn", z.C)],
          nodes: `${normalize("a", "x", "bn")} y = Gemm (a, u, c0)`,
        }),
        /weight B "u" is a graph input/,
      ),
    ],
  },
  43: {
    text: "BatchNormalization, Flatten or Reshape, Gemm (parameters repeated for each place)",
    applied: [
      applied("Flatten", ahead(FLAT, flattened), ["Flatten", "Gemm"]),
      applied("Reshape", ahead(FLAT.replace("Flatten (a)", "Reshape (a, shape)"), reshaped), [
        "Reshape",
        "Gemm",
      ]),
    ],
    refused: [
      refused("callers read the value", ahead(FLAT, flattened, "y, a"), READ_BY_CALLERS),
      refused(
        "a Reshape that mixes images and channels",
        (z) => ({
          input: `float[2,${z.C},${z.H},${z.W}] x`,
          constants: [
            signed("bn", z.C),
            `int64[2] shape = {-1, ${2 * z.W}}`,
            constant("B", [2 * z.W, z.K]),
            constant("c0", [z.K]),
          ],
          nodes: `${normalize("a", "x", "bn")} f = Reshape (a, shape) y = Gemm (f, B, c0)`,
        }),
        /runs along|no single axis/,
      ),
    ],
  },
  44: {
    text: "BatchNormalization, GlobalAveragePool, Flatten, Gemm",
    applied: [applied("into the Gemm", ahead(POOLED, pooled), ["GlobalAveragePool", "Flatten", "Gemm"])],
    refused: [
      refused("callers read the value", ahead(POOLED, pooled, "y, a"), READ_BY_CALLERS),
      refused(
        "GlobalMaxPool and a negative scale",
        ahead(POOLED.replace("Average", "Max"), pooled),
        /GlobalMaxPool lets no negative scale/,
        { left: ["Mul", "GlobalMaxPool", "Flatten", "Gemm"] },
      ),
    ],
  },
  45: {
    text: "BatchNormalization, ConvTranspose; BatchNormalization, two Convs; Relu, BatchNormalization, Conv",
    applied: [
      applied(
        "the scale into ConvTranspose, which spreads a shift unevenly",
        ahead("y = ConvTranspose <strides = [2, 1]> (a, f_W, f_b)", transposed),
        ["Add", "ConvTranspose"],
      ),
      applied("two Convs", ahead(TWO, two, "y, z"), ["Conv", "Conv"]),
      applied("behind a Relu", afterRelu(), ["Relu", "Conv"]),
    ],
    refused: [
      refused(
        "callers read what ConvTranspose reads",
        ahead("y = ConvTranspose <strides = [2, 1]> (a, f_W, f_b)", transposed, "y, a"),
        /a shift spreads unevenly/,
      ),
      refused(
        "one of the two takes nothing",
        ahead(`${TWO} v = Exp (a)`, two, "y, z, v"),
        /Exp "v" takes no scale and shift of its input/,
      ),
      refused("callers read what is behind the Relu", afterRelu("y, a"), READ_BY_CALLERS),
    ],
  },
};
