import { PASSES } from "../../../passes/index.js";
import {
  type Build,
  convolution,
  image,
  positive,
  type Sizes,
  signed,
  UP,
} from "../../support/affine-cases.js";
import { constant, literal, normalization, normalize } from "../../support/text.js";
import { applied, behind, IS_OUTPUT, normalized, type PeerRows, READ_TWICE, refused } from "./row.js";

/** The whole pipeline, as users run it. */
const ALL = { passes: PASSES.map(({ name }) => name) };

/** The Constant node of an initializer. */
function node(name: string, initializer: string): string {
  return `${name} = Constant <value = ${initializer}> ()`;
}

export const ROLES = ["gamma", "beta", "mean", "var"] as const;
export const parameter = (role: string, size: number): string =>
  constant(`bn_${role}`, [size], role === "var" || role === "gamma" ? { low: 0.5, high: 2 } : {});

/** A Conv with its normalization, whose constants are outputs of Constant nodes. */
const asNodes =
  (outputs = "y"): Build =>
  (z) => ({
    input: image(z),
    constants: [],
    nodes: [
      node("f_W", constant("f_W", [z.K, z.C, 2, 3])),
      node("f_b", constant("f_b", [z.K])),
      ...ROLES.map((role) => node(`bn_${role}`, parameter(role, z.K))),
      `c = Conv (x, f_W, f_b) ${normalized}`,
    ].join(" "),
    outputs,
  });

const padded =
  (pad: string, constants: readonly string[], outputs = "y"): Build =>
  (z) => ({
    input: image(z),
    constants: [...convolution("f", z.C, z.K, [2, 3]), ...constants, signed("bn", z.K)],
    nodes: `q = ${pad} c = Conv <pads = [1, 0, 0, 1]> (q, f_W, f_b) ${normalized}`,
    outputs,
  });
const PADS = "int64[8] pads = {0, 0, 1, 0, 0, 0, 2, 1}";

/** The weight made by a node from one that is stored, or fed. */
const weighed =
  (made: string, dims: (z: Sizes) => readonly number[], isFed = false): Build =>
  (z) => ({
    input: isFed ? `${image(z)}, float[${dims(z).join(",")}] V` : image(z),
    constants: [...(isFed ? [] : [constant("V", dims(z))]), constant("f_b", [z.K]), signed("bn", z.K)],
    nodes: `${made} c = Conv (x, f_W, f_b) ${normalized}`,
  });
const KCHW = (z: Sizes): number[] => [z.K, z.C, 2, 3];

const filled =
  (isFed: boolean): Build =>
  (z) => ({
    input: isFed ? `${image(z)}, float[P] p` : image(z),
    constants: [
      ...convolution("f", z.C, z.K),
      ...(isFed ? [] : [`int64[1] dims = {${z.K}}`]),
      ...ROLES.slice(1).map((role) => parameter(role, z.K)),
    ],
    ...(isFed && { shapes: { p: [z.K] } }),
    nodes: `${isFed ? "dims = Shape (p)" : ""} bn_gamma = ConstantOfShape <value = float[1] {1.5}> (dims)
      c = Conv (x, f_W, f_b) ${normalized}`,
  });

const bytes = (name: string, dims: readonly number[]): string => {
  const size = dims.reduce((product, dim) => product * dim, 1);
  return `int8[${dims.join(",")}] ${name} = {${Array.from({ length: size }, (_, i) => ((i * 37) % 200) - 100).join(", ")}}`;
};
const quantized =
  (axis: number, channels: (z: Sizes) => number): Build =>
  (z) => ({
    input: image(z),
    constants: [
      bytes("Q", KCHW(z)),
      constant("s", [channels(z)], { low: 0.01, high: 0.03 }),
      constant("f_b", [z.K]),
      positive("bn", z.K),
    ],
    nodes: `f_W = DequantizeLinear <axis = ${axis}> (Q, s) c = Conv (x, f_W, f_b) ${normalized}`,
  });

const shared =
  (more: string, outputs = "y, z"): Build =>
  (z) => ({
    input: image(z),
    constants: [
      ...convolution("f", z.C, z.K),
      signed("bn", z.K),
      ...(more.includes("o_gamma") ? [signed("o", z.K)] : []),
    ],
    nodes: `n = Exp (x) c = Conv (x, f_W, f_b) ${normalized} ${more}`,
    outputs,
  });
const SECOND = `d = Conv (n, f_W, f_b) ${normalize("z", "d", "o")}`;

/** One of the parameters is an input of the graph. */
const fed =
  (name: string, dims: (z: Sizes) => readonly number[]): Build =>
  (z) => {
    const constants = [
      ...convolution("f", z.C, z.K, [2, 3]),
      ...ROLES.map((role) => parameter(role, z.K)),
    ].filter((each) => !each.includes(` ${name} =`));
    return {
      input: `${image(z)}, float[${dims(z).join(",")}] ${name}`,
      constants,
      nodes: `c = Conv (x, f_W, f_b) ${normalized}`,
    };
  };

/** All constants are inputs of the graph too. */
const overridable =
  (ir: number, outputs = "y"): Build =>
  (z) => ({
    input: `${image(z)}, float[${KCHW(z).join(",")}] f_W, float[${z.K}] f_b,
      ${ROLES.map((role) => `float[${z.K}] bn_${role}`).join(", ")}`,
    constants: [...convolution("f", z.C, z.K, [2, 3]), ...ROLES.map((role) => parameter(role, z.K))],
    nodes: `c = Conv (x, f_W, f_b) ${normalized}`,
    outputs,
    ir,
  });

const half =
  (factor: number): Build =>
  (z) => ({
    input: image(z).replace("float", "float16"),
    constants: [
      constant("W", [z.K, z.C, 1, 1], { dtype: "float16" }),
      constant("b", [z.K], { dtype: "float16" }),
      literal("bn_gamma", [z.K], new Array<number>(z.K).fill(factor), "float16"),
      ...["beta", "mean"].map((role) => constant(`bn_${role}`, [z.K], { dtype: "float16" })),
      constant("bn_var", [z.K], { dtype: "float16", low: 0.5, high: 2 }),
    ],
    nodes: `c = Conv (x, W, b) ${normalized}`,
  });

const double =
  (outputs: string): Build =>
  (z) => ({
    input: `double[${z.N},${z.C}] x`,
    constants: [
      constant("B", [z.K, z.C], { dtype: "double" }),
      constant("b", [z.K], { dtype: "double" }),
      normalization("bn", z.K, "double"),
    ],
    nodes: `c = Gemm <alpha = 0.5, transB = 1> (x, B, b) ${normalized}`,
    outputs,
  });

const UNRUN = { runnable: "maybe" } as const;

/** Rows 46 to 57: where constants come from, who else reads them, and types. */
export const CONSTANTS: PeerRows = {
  46: {
    text: "Pad with zeros, Conv",
    applied: [applied("the Conv takes the pads", padded("Pad (x, pads)", [PADS]), ["Conv"], ALL)],
    refused: [
      refused(
        "a border of ones",
        padded("Pad (x, pads, one)", [PADS, "float one = {1}"]),
        /its border is 0, that of Pad 1/,
        {
          ...ALL,
          left: ["Pad", "Conv"],
        },
      ),
      refused(
        "the edge repeated",
        padded('Pad <mode = "edge"> (x, pads)', [PADS]),
        /it pads by mode "edge"/,
        {
          ...ALL,
          left: ["Pad", "Conv"],
        },
      ),
      refused(
        "callers read the border",
        padded("Pad (x, pads)", [PADS], "y, q"),
        "padded-value-is-seen-otherwise",
        {
          ...ALL,
          left: ["Pad", "Conv"],
        },
      ),
    ],
  },
  47: {
    text: "weights and parameters from Constant nodes",
    applied: [applied("a Conv is left", asNodes(), ["Conv"])],
    refused: [
      refused("callers read the Conv", asNodes("y, c"), IS_OUTPUT, { left: ["Conv", "BatchNormalization"] }),
    ],
  },
  48: {
    text: "a weight through Identity, or a Transpose of a constant",
    applied: [
      applied("Identity", weighed("f_W = Identity (V)", KCHW), ["Conv"]),
      applied(
        "Transpose",
        weighed("f_W = Transpose <perm = [1, 0, 2, 3]> (V)", (z) => [z.C, z.K, 2, 3]),
        ["Conv"],
      ),
    ],
    refused: [
      refused(
        "Transpose of an input",
        weighed("f_W = Transpose <perm = [1, 0, 2, 3]> (V)", (z) => [z.C, z.K, 2, 3], true),
        /weight W "f_W" is computed by Transpose/,
      ),
    ],
  },
  49: {
    text: "parameters by ConstantOfShape",
    applied: [applied("of constant sizes", filled(false), ["Conv"])],
    refused: [
      refused("of sizes known at run time", filled(true), /"bn_gamma" is computed by ConstantOfShape/),
    ],
  },
  50: {
    text: "a weight by DequantizeLinear",
    applied: [
      applied(
        "its scale takes the map",
        quantized(0, (z) => z.K),
        ["DequantizeLinear", "Conv"],
      ),
    ],
    refused: [
      refused(
        "scales along the input channels",
        quantized(1, (z) => z.C),
        "map-runs-along-other-axis",
        { left: ["DequantizeLinear", "Conv", "Mul"] },
      ),
    ],
  },
  51: {
    text: "a weight that two Convs read, with one or two BatchNormalizations",
    applied: [
      applied("one: the other Conv keeps the weight", shared("z = Conv (n, f_W, f_b)"), [
        "Exp",
        "Conv",
        "Conv",
      ]),
      applied("two: each Conv has its own", shared(SECOND), ["Exp", "Conv", "Conv"]),
    ],
    refused: [refused("callers read both", shared(SECOND, "y, z, c, d"), IS_OUTPUT)],
  },
  52: {
    text: "the output of Conv is read twice, or is a graph output",
    applied: [
      // Without computing constants: a known shape is one.
      applied(
        "only its shape is read besides",
        behind(`${normalized} s = Shape (c)`, undefined, "y, s"),
        ["Conv", "Shape"],
        UP,
      ),
    ],
    refused: [
      refused(
        "its elements are read besides",
        behind(`${normalized} z = Exp (c)`, undefined, "y, z"),
        READ_TWICE,
      ),
      refused(
        "both readers normalize",
        behind(
          `${normalized} ${normalize("z", "c", "o")}`,
          (z) => [signed("bn", z.K), signed("o", z.K)],
          "y, z",
        ),
        READ_TWICE,
      ),
      refused("it is a graph output", behind(normalized, undefined, "y, c"), IS_OUTPUT),
    ],
  },
  53: {
    text: "a parameter of BatchNormalization or a bias of Conv that is not constant",
    applied: [
      applied(
        "a parameter is computed from constants",
        (z) => ({
          input: image(z),
          constants: [
            ...convolution("f", z.C, z.K, [2, 3]),
            constant("g", [z.K]),
            ...ROLES.slice(1).map((role) => parameter(role, z.K)),
          ],
          nodes: `bn_gamma = Exp (g) c = Conv (x, f_W, f_b) ${normalized}`,
        }),
        ["Conv"],
      ),
    ],
    refused: [
      ...ROLES.map((role) =>
        refused(
          `${role} is fed`,
          fed(`bn_${role}`, (z) => [z.K]),
          "constant-is-graph-input",
          {
            // A variance that is drawn may be negative.
            ...(role === "var" && { runnable: "maybe" as const }),
          },
        ),
      ),
      refused(
        "the bias is fed",
        fed("f_b", (z) => [z.K]),
        /bias B "f_b" is a graph input/,
      ),
      refused("the weight is fed", fed("f_W", KCHW), /weight W "f_W" is a graph input/),
    ],
  },
  54: {
    text: "a weight that is an input of the graph with a default, which callers may override",
    applied: [applied("with the defaults frozen", overridable(8), ["Conv"], { freezeInitializers: true })],
    refused: [refused("by default", overridable(8), "constant-is-input-default")],
  },
  55: {
    text: "IR version 3 (all initializers are inputs), opset 7",
    applied: [applied("no caller can override them", overridable(3), ["Conv"], { opset: 7 })],
    refused: [refused("callers read the Conv", overridable(3, "y, c"), IS_OUTPUT, { opset: 7 })],
  },
  56: {
    text: "Conv and BatchNormalization in float16",
    applied: [applied("a Conv is left", half(1.5), ["Conv"], UNRUN)],
    refused: [
      refused("the weight would overflow", half(60000), /float16 weight would overflow/, {
        left: ["Conv", "Mul"],
        ...UNRUN,
      }),
    ],
  },
  57: {
    text: "Gemm and BatchNormalization in double",
    applied: [applied("a Gemm is left", double("y"), ["Gemm"])],
    refused: [refused("callers read the Gemm", double("y, c"), IS_OUTPUT)],
  },
};
