import { type Build, convolution, image, rows, type Sizes, signed } from "../../support/affine-cases.js";
import { constant, normalize } from "../../support/text.js";
import { applied, type PeerRow, type PeerRows, refused } from "./row.js";

type Constants = (z: Sizes) => readonly string[];

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

/** Into a Conv of each kind; where callers read the value too, nothing moves. */
function intoConv(
  text: string,
  kinds: readonly string[],
  constants: Constants,
  left: readonly string[],
  why: { readonly refused?: string | RegExp } = {},
): PeerRow {
  const nodes = (attributes: string): string => `y = Conv <${attributes}> (a, f_W, f_b)`;
  return {
    text,
    applied: kinds.map((kind) => applied(kind, ahead(nodes(kind), constants), left, why)),
    refused: kinds.map((kind) =>
      refused(`${kind}, callers read the value`, ahead(nodes(kind), constants, "y, a"), READ_BY_CALLERS),
    ),
  };
}

const inGroups = (group: number, into: number): PeerRow =>
  intoConv(
    "BatchNormalization, Conv in groups",
    [`group = ${group}`],
    (z) => [constant("f_W", [into, z.C / group, 2, 3]), constant("f_b", [into])],
    ["Conv"],
  );
const [TWO_GROUPS, DEPTHWISE] = [inGroups(2, 6), inGroups(4, 8)];

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

/** Rows 38 to 45: into what comes behind. */
export const FORWARD: PeerRows = {
  38: intoConv(
    "BatchNormalization, Conv without pads",
    ["strides = [2, 1]", "dilations = [1, 2]", "pads = [0, 0, 0, 0]"],
    CONV,
    ["Conv"],
  ),
  39: {
    text: TWO_GROUPS.text,
    applied: [...TWO_GROUPS.applied, ...DEPTHWISE.applied],
    refused: [...TWO_GROUPS.refused, ...DEPTHWISE.refused],
  },
  40: intoConv(
    "BatchNormalization, padded Conv: the scale goes, the shift stays",
    ["pads = [1, 0, 2, 1]", `auto_pad = "SAME_UPPER"`],
    CONV,
    ["Add", "Conv"],
    { refused: "remaining-shift-costs-as-much" },
  ),
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
        "constant-is-graph-input",
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
        "scale-is-negative",
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
        "callers read the input of ConvTranspose",
        ahead("y = ConvTranspose <strides = [2, 1]> (a, f_W, f_b)", transposed, "y, a"),
        "shift-spreads-unevenly",
      ),
      refused(
        "one of the two takes nothing",
        ahead(`${TWO} v = Exp (a)`, two, "y, z, v"),
        /Exp "v" takes no scale and shift of its input/,
      ),
      refused("callers read the output of the Relu", afterRelu("y, a"), READ_BY_CALLERS),
    ],
  },
};
