import {
  type Build,
  bn,
  image,
  positive,
  rows,
  type Sizes,
  sequence,
  signed,
} from "../../support/affine-cases.js";
import { constant, normalize } from "../../support/text.js";
import {
  applied,
  behind,
  IS_OUTPUT,
  normalized,
  type PeerRow,
  type PeerRows,
  READ_TWICE,
  refused,
} from "./row.js";

const usedTwice = (outputs = "y, z"): Build => behind(`${normalized} z = Exp (c)`, undefined, outputs);

/** A Conv over an image of one, two or three dimensions. */
const ofRank =
  (dims: (z: Sizes) => readonly (string | number)[], kernel: readonly number[]): Build =>
  (z) => ({
    input: `float[${[z.N, z.C, ...dims(z)].join(",")}] x`,
    constants: [constant("W", [z.K, z.C, ...kernel]), constant("b", [z.K]), signed("bn", z.K)],
    nodes: `c = Conv (x, W, b) ${normalized}`,
  });

function groups(text: string, group: number, into: number): PeerRow {
  const build =
    (more: string, outputs: string): Build =>
    (z) => ({
      input: image(z),
      constants: [constant("W", [into, 4 / group, 3, 2]), constant("b", [into]), signed("bn", into)],
      nodes: `c = Conv <group = ${group}> (x, W, b) ${normalized} ${more}`,
      outputs,
    });
  return {
    text,
    applied: [applied("a Conv is left", build("", "y"), ["Conv"])],
    refused: [refused("others read the Conv", build("z = Exp (c)", "y, z"), READ_TWICE)],
  };
}

function transposed(text: string, group: number, perGroup: number): PeerRow {
  const build =
    (outputs: string): Build =>
    (z) => ({
      input: image(z),
      constants: [
        constant("W", [z.C, perGroup, 3, 2]),
        constant("b", [group * perGroup]),
        signed("bn", group * perGroup),
      ],
      nodes: `c = ConvTranspose <group = ${group}, strides = [2, 1]> (x, W, b) ${normalized}`,
      outputs,
    });
  return {
    text,
    applied: [applied("a ConvTranspose is left", build("y"), ["ConvTranspose"])],
    refused: [refused("callers read the ConvTranspose", build("y, c"), IS_OUTPUT)],
  };
}

interface GemmForm {
  readonly attributes: string;
  readonly bias: (z: Sizes) => readonly number[];
}

const gemm =
  ({ attributes, bias }: GemmForm, outputs: string): Build =>
  (z) => ({
    input: `float[${attributes.includes("transA") ? [z.C, z.M] : [z.M, z.C]}] x`,
    constants: [
      constant("B", attributes.includes("transB") ? [z.K, z.C] : [z.C, z.K]),
      constant("b", bias(z)),
      signed("bn", z.K),
    ],
    nodes: `c = Gemm ${attributes} (x, B, b) ${normalized}`,
    outputs,
  });

function gemms(text: string, forms: Readonly<Record<string, GemmForm>>): PeerRow {
  const cases = Object.entries(forms);
  return {
    text,
    applied: cases.map(([name, form]) => applied(name, gemm(form, "y"), ["Gemm"])),
    refused: cases.map(([name, form]) => refused(`${name}, callers read it`, gemm(form, "y, c"), IS_OUTPUT)),
  };
}

const product =
  (sum: string, outputs = "y"): Build =>
  (z) => ({
    input: rows(z),
    constants: [constant("B", [z.C, z.K]), ...(sum === "" ? [] : [constant("b", [z.K])]), signed("bn", z.K)],
    nodes: `m = MatMul (x, B) ${sum === "" ? normalize("y", "m", "bn") : `c = ${sum} ${normalized}`}`,
    outputs,
  });

/** MatMul of a sequence [N,T,K] or of rows, then a view of it, t, that is normalized. */
const viewed =
  (view: string, channels: (z: Sizes) => number, input = sequence, outputs = "y"): Build =>
  (z) => ({
    input: input(z),
    constants: [constant("B", [z.C, z.K]), constant("b", [z.K]), positive("bn", channels(z))],
    nodes: `m = MatMul (x, B) a = Add (m, b) ${view} ${bn}`,
    outputs,
  });
const withShape =
  (build: Build, shape: (z: Sizes) => readonly number[]): Build =>
  (z) => {
    const { constants, ...rest } = build(z);
    const dims = shape(z);
    return { ...rest, constants: [...constants, `int64[${dims.length}] shape = {${dims.join(", ")}}`] };
  };
const fixed = (z: Sizes): string => sequence({ ...z, N: 7 });
const twoMore = (z: Sizes): string => `float[${z.C + 2},${z.C}] x`;

/** The bias runs along the last axis, the map along another. */
const OTHER_AXIS = /"b" is not known to have \d channels on the map's axis/;

const TURNED = "t = Transpose <perm = [0, 2, 1]> (a)";
const RESHAPED = "t = Reshape (a, shape)";

const fromGemm =
  (view: string, after = "", outputs = "y"): Build =>
  (z) => ({
    input: rows(z),
    constants: [
      constant("B", [z.C, z.K]),
      constant("b", [z.K]),
      view.includes("shape") ? `int64[4] shape = {-1, ${z.K}, 1, 1}` : "int64[2] axes = {2, 3}",
      signed("bn", z.K),
    ],
    nodes: `c = Gemm (x, B, b) ${view} ${after === "" ? bn : `${normalize("s", "t", "bn")} ${after}`}`,
    outputs,
  });

/** Rows 1 to 15: a normalization behind a linear operator. */
export const LINEAR: PeerRows = {
  1: {
    text: "Conv (1-D, 2-D, 3-D), BatchNormalization",
    applied: [
      applied("2-D, padded", behind(normalized), ["Conv"]),
      applied(
        "1-D",
        ofRank((z) => [z.W], [3]),
        ["Conv"],
      ),
      applied(
        "3-D",
        ofRank((z) => [z.H, z.W, 3], [2, 3, 1]),
        ["Conv"],
      ),
    ],
    refused: [
      refused("others read the Conv", usedTwice(), READ_TWICE),
      refused("callers read the Conv", behind(normalized, undefined, "y, c"), IS_OUTPUT),
    ],
  },
  2: groups("Conv in groups, BatchNormalization", 2, 6),
  3: groups("depthwise Conv, BatchNormalization", 4, 8),
  4: transposed("ConvTranspose, BatchNormalization", 1, 5),
  5: transposed("ConvTranspose in groups, BatchNormalization", 2, 3),
  6: transposed("depthwise ConvTranspose, BatchNormalization", 4, 1),
  7: gemms("Gemm, BatchNormalization; transB 0 or 1, C [N]", {
    "transB = 0": { attributes: "", bias: (z) => [z.K] },
    "transB = 1": { attributes: "<transB = 1>", bias: (z) => [z.K] },
  }),
  8: gemms("Gemm, BatchNormalization; transA = 1, every shape of C", {
    "C [1,N]": { attributes: "<transA = 1>", bias: (z) => [1, z.K] },
    "C [1]": { attributes: "<transA = 1, transB = 1>", bias: () => [1] },
    "C [M,N]": { attributes: "<transA = 1>", bias: (z) => [z.M, z.K] },
    "C [M,1]": { attributes: "<transA = 1, transB = 1>", bias: (z) => [z.M, 1] },
  }),
  9: gemms("Gemm, BatchNormalization; alpha and beta", {
    alpha: { attributes: "<alpha = 0.5>", bias: (z) => [z.K] },
    beta: { attributes: "<beta = -2.5>", bias: (z) => [z.K] },
    both: { attributes: "<alpha = 0.5, beta = -2.5, transB = 1>", bias: (z) => [1, z.K] },
  }),
  10: {
    text: "MatMul of matrices, BatchNormalization",
    applied: [
      applied("a Gemm is left", product(""), ["Gemm"]),
      applied("a Sub from the bias between", product("Sub (b, m)"), ["Gemm"]),
    ],
    refused: [refused("callers read the MatMul", product("", "y, m"), IS_OUTPUT)],
  },
  11: {
    text: "MatMul, Add, BatchNormalization; either order of operands",
    applied: [
      applied("the bias second", product("Add (m, b)"), ["Gemm"]),
      applied("the bias first", product("Add (b, m)"), ["Gemm"]),
    ],
    refused: [refused("callers read both", product("Add (b, m)", "y, m, c"), IS_OUTPUT)],
  },
  12: {
    text: "MatMul of a sequence, Transpose, BatchNormalization",
    applied: [
      applied(
        "along the columns",
        viewed(TURNED, (z) => z.K),
        ["MatMul", "Add", "Transpose"],
      ),
    ],
    refused: [
      refused(
        "callers read the sum",
        viewed(TURNED, (z) => z.K, sequence, "y, a"),
        "value-is-graph-output",
      ),
    ],
  },
  13: {
    text: "trap: square MatMul, Transpose or Reshape, BatchNormalization on another axis",
    applied: [
      applied(
        "the Reshape keeps the columns on axis 1",
        withShape(
          viewed(RESHAPED, (z) => z.K, rows),
          (z) => [-1, z.K, 1],
        ),
        ["Gemm", "Reshape"],
      ),
    ],
    refused: [
      refused(
        "the Transpose moves the rows to axis 1",
        viewed(
          "t = Transpose <perm = [1, 0]> (a)",
          (z) => z.C,
          (z) => `float[${z.C},${z.C}] x`,
        ),
        /the map runs along axis 0/,
        { left: ["Gemm", "Transpose", "BatchNormalization"] },
      ),
      refused(
        "the Transpose moves the steps to axis 1",
        viewed("t = Transpose <perm = [2, 1, 0]> (a)", (z) => z.H, fixed),
        OTHER_AXIS,
      ),
      refused(
        "the Reshape mixes rows and columns",
        withShape(
          viewed(RESHAPED, (z) => z.C + 2, twoMore),
          (z) => [z.K, z.C + 2],
        ),
        "axis-has-no-counterpart",
        { left: ["Gemm", "Reshape", "BatchNormalization"] },
      ),
    ],
  },
  14: {
    text: "trap: MatMul [N,T,K] by [K,C], T = C, BatchNormalization along T",
    applied: [
      applied(
        "rows of all steps, whose columns are axis 1",
        withShape(
          viewed(RESHAPED, (z) => z.K),
          (z) => [-1, z.K],
        ),
        ["MatMul", "Add", "Reshape"],
      ),
    ],
    refused: [
      refused(
        "the steps are axis 1",
        (z) => ({
          input: sequence(z),
          constants: [constant("B", [z.C, z.H]), constant("b", [z.H]), positive("bn", z.H)],
          nodes: `m = MatMul (x, B) t = Add (m, b) ${bn}`,
        }),
        OTHER_AXIS,
      ),
    ],
  },
  15: {
    text: "Gemm, Reshape or Unsqueeze to [N,C,1,1], BatchNormalization, Squeeze",
    applied: [
      applied("Reshape", fromGemm(RESHAPED.replace("(a", "(c")), ["Gemm", "Reshape"]),
      applied("Unsqueeze", fromGemm("t = Unsqueeze (c, axes)"), ["Gemm", "Unsqueeze"]),
      applied("Unsqueeze and Squeeze", fromGemm("t = Unsqueeze (c, axes)", "y = Squeeze (s, axes)"), [
        "Gemm",
        "Unsqueeze",
        "Squeeze",
      ]),
    ],
    refused: [
      refused("callers read the Gemm", fromGemm(RESHAPED.replace("(a", "(c"), "", "y, c"), IS_OUTPUT),
    ],
  },
};
