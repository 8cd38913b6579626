import { describe } from "vitest";
import { constant, normalize } from "../support/text.js";
import {
  type AffineCase,
  affineCase,
  bn,
  convolution,
  image,
  positive,
  rows,
  type Sizes,
  sequence,
  signed,
  UP,
} from "./affine-cases.js";

/** What peers fold or break, by the number of its row in their comparison: applied and refused, in both sizes, with a bias. */
const FOLDS = {
  passes: [
    "lift-constants",
    "eliminate-identity",
    "eliminate-dropout",
    "fold-constants",
    "compose-affine",
    "fold-affine-up",
    "fold-affine-down",
    "eliminate-dead",
  ],
  opset: 17,
};

type Build = (sizes: Sizes) => AffineCase;

function row(
  name: string,
  applied: Build,
  left: readonly string[],
  refused: Build,
  reason: RegExp,
  options: { readonly passes?: readonly string[] } = {},
): void {
  describe(`row ${name}`, () => {
    affineCase("applied", applied, { ...FOLDS, ...options, left });
    affineCase("refused", refused, { ...FOLDS, ...options, refused: reason });
  });
}

/** A Conv of x to c with a bias, and what follows it. */
function behind(
  nodes: string,
  constants: (z: Sizes) => readonly string[] = (z) => [signed("bn", z.K)],
  outputs = "y",
): Build {
  return (z) => ({
    input: image(z),
    constants: [...convolution("f", z.C, z.K, [2, 3]), ...constants(z)],
    nodes: `c = Conv <pads = [1, 0, 0, 1]> (x, f_W, f_b) ${nodes}`,
    outputs,
  });
}

const normalized = normalize("y", "c", "bn");
const usedTwice = behind(`${normalized} z = Exp (c)`, undefined, "y, z");
const ABOVE = (z: Sizes): string[] => [constant("k", [z.K, 1, 1], { low: 0.5, high: 2 })];
const ALONG_N: Build = (z) => ({
  input: `float[4,${z.C},${z.H},${z.W}] x`,
  constants: [...convolution("f", z.C, 4), constant("k", [4, 1, 1, 1], { low: 0.5, high: 2 })],
  nodes: "c = Conv (x, f_W, f_b) y = Mul (c, k)",
});
const OTHER_USE = /1 other use/;

row("1: Conv, BatchNormalization", behind(normalized), ["Conv"], usedTwice, OTHER_USE);

for (const [name, group, into] of [
  ["2: Conv in groups", 2, 6],
  ["3: depthwise Conv", 4, 8],
] as const) {
  const grouped =
    (more: string, outputs: string): Build =>
    (z) => ({
      input: image(z),
      constants: [constant("W", [into, 4 / group, 3, 2]), constant("b", [into]), signed("bn", into)],
      nodes: `c = Conv <group = ${group}> (x, W, b) ${normalized} ${more}`,
      outputs,
    });
  row(name, grouped("", "y"), ["Conv"], grouped("z = Exp (c)", "y, z"), OTHER_USE);
}

for (const [name, group, perGroup] of [
  ["4: ConvTranspose", 1, 5],
  ["5: ConvTranspose in groups", 2, 3],
  ["6: depthwise ConvTranspose", 4, 1],
] as const) {
  const transposed =
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
  row(name, transposed("y"), ["ConvTranspose"], transposed("y, c"), /also a graph output/);
}

for (const [name, attributes, transA, bias] of [
  ["7: Gemm", "transB = 1", false, (z: Sizes) => [z.K]],
  ["8: Gemm of a transposed input, C [M,1]", "transA = 1, transB = 1", true, (z: Sizes) => [z.M, 1]],
  ["9: Gemm with alpha and beta", "alpha = 0.5, beta = -2.5, transB = 1", false, (z: Sizes) => [1, z.K]],
] as const) {
  const gemm =
    (outputs: string): Build =>
    (z) => ({
      input: `float[${transA ? [z.C, z.M] : [z.M, z.C]}] x`,
      constants: [constant("B", [z.K, z.C]), constant("b", bias(z)), signed("bn", z.K)],
      nodes: `c = Gemm <${attributes}> (x, B, b) ${normalized}`,
      outputs,
    });
  row(name, gemm("y"), ["Gemm"], gemm("y, c"), /also a graph output/);
}

const product =
  (sum: string, outputs = "y"): Build =>
  (z) => ({
    input: rows(z),
    constants: [constant("B", [z.C, z.K]), constant("b", [z.K]), signed("bn", z.K)],
    nodes: `m = MatMul (x, B) c = ${sum} ${normalized}`,
    outputs,
  });
row("10: MatMul, Sub", product("Sub (b, m)"), ["Gemm"], product("Sub (b, m)", "y, m, c"), /graph output/);
row("11: MatMul, Add", product("Add (b, m)"), ["Gemm"], product("Add (b, m)", "y, m, c"), /graph output/);

const overSteps =
  (perm: string, along: (z: Sizes) => number): Build =>
  (z) => ({
    input: sequence({ ...z, N: z.H === z.C ? 4 : 7 }),
    constants: [constant("B", [z.C, z.K]), constant("b", [z.K]), positive("bn", along(z))],
    nodes: `m = MatMul (x, B) a = Add (m, b) t = Transpose <perm = [${perm}]> (a) ${bn}`,
  });
row(
  "12 to 14: MatMul, Transpose: the columns, or another axis of the same size",
  overSteps("0, 2, 1", (z) => z.K),
  ["MatMul", "Add", "Transpose"],
  overSteps("2, 1, 0", (z) => z.H),
  /axis/,
  UP,
);

const reshaped =
  (outputs: string): Build =>
  (z) => ({
    input: rows(z),
    constants: [
      constant("B", [z.C, z.K]),
      constant("b", [z.K]),
      `int64[4] shape = {-1, ${z.K}, 1, 1}`,
      signed("bn", z.K),
    ],
    nodes: `c = Gemm (x, B, b) t = Reshape (c, shape) ${bn}`,
    outputs,
  });
row("15: Gemm, Reshape", reshaped("y"), ["Gemm", "Reshape"], reshaped("y, c"), /graph output/);

for (const [name, nodes, constants] of [
  ["16: Mul by [C,1,1]", "y = Mul (c, k)", ABOVE],
  ["17: Mul by a scalar", "y = Mul (c, k)", () => ["float k = {-1.5}"]],
  ["18: Mul by [1,1,1,1]", "y = Mul (c, k)", () => ["float[1,1,1,1] k = {1.5}"]],
  ["19: the constant first", "y = Mul (k, c)", ABOVE],
  ["20, 21: Add", "y = Add (c, k)", ABOVE],
  ["22: Add, the constant first", "y = Add (k, c)", ABOVE],
  ["23: Sub", "y = Sub (c, k)", ABOVE],
  ["23: Div", "y = Div (c, k)", ABOVE],
  ["23: Sub from a constant", "y = Sub (k, c)", ABOVE],
] as const) {
  const kept = nodes.includes("Sub (k") ? "y = Sub (k, c)" : nodes;
  row(name, behind(nodes, constants), ["Conv"], behind(kept, constants, "y, c"), /graph output/);
}
row("24: a constant along the batch", behind("y = Mul (c, k)", ABOVE), ["Conv"], ALONG_N, /axis 0/);

const more = (z: Sizes): string[] => [
  ...ABOVE(z),
  constant("l", [1, z.K, 1, 1], { low: 0.5, high: 2 }),
  signed("bn", z.K),
  signed("o", z.K),
];
for (const [name, nodes] of [
  ["25: Add, BatchNormalization", `a = Add (c, k) ${normalize("y", "a", "bn")}`],
  ["26: Mul, Add", "a = Mul (c, k) y = Add (a, l)"],
  ["27: decomposed", "a = Sub (c, l) d = Div (a, k) e = Mul (d, l) y = Add (e, k)"],
  ["28: two BatchNormalizations", `${normalize("a", "c", "bn")} ${normalize("y", "a", "o")}`],
  ["29: Caffe's Scale", `${normalize("a", "c", "bn")} d = Mul (a, k) y = Add (d, l)`],
  ["32: Identity", `a = Identity (c) ${normalize("y", "a", "bn")}`],
  ["33: Dropout", `a = Dropout (c) ${normalize("y", "a", "bn")}`],
] as const) {
  describe(`row ${name}`, () => {
    affineCase("applied", behind(nodes, more), { ...FOLDS, left: ["Conv"] });
  });
}

row(
  "34: MaxPool",
  behind(`t = MaxPool <kernel_shape = [2, 2]> (c) ${bn}`, (z) => [positive("bn", z.K)]),
  ["Conv", "MaxPool"],
  behind(`t = MaxPool <kernel_shape = [2, 2]> (c) ${bn}`),
  /MaxPool lets no negative scale/,
  UP,
);

const joined =
  (op: string, channels: (z: Sizes) => number, outputs = "y"): Build =>
  (z) => ({
    input: image(z),
    constants: [...convolution("f", z.C, z.K), ...convolution("g", z.C, z.K), signed("bn", channels(z))],
    nodes: `c = Conv (x, f_W, f_b) d = Conv (x, g_W, g_b) t = ${op} (c, d) ${bn}`,
    outputs,
  });
for (const [name, op, times] of [
  ["35: Concat", "Concat <axis = 1>", 2],
  ["36: Add of two Convs", "Add", 1],
] as const) {
  const channels = (z: Sizes): number => times * z.K;
  const left = ["Conv", "Conv", op.split(" ")[0] ?? op];
  row(name, joined(op, channels), left, joined(op, channels, "y, d, c"), /graph output/);
}

const forward =
  (attributes: string, outputs = "y"): Build =>
  (z) => ({
    input: image(z),
    constants: [...convolution("f", z.C, z.K, [3, 2]), signed("bn", z.C)],
    nodes: `${normalize("a", "x", "bn")} y = Conv <${attributes}> (a, f_W, f_b)`,
    outputs,
  });
const READ = /graph output/;
row(
  "38: BatchNormalization, Conv",
  forward("strides = [1, 1]"),
  ["Conv"],
  forward("strides = [1, 1]", "y, a"),
  READ,
);

const DOWN = { passes: ["fold-affine-down", "eliminate-dead"] };
const affineInFront =
  (attributes: string, outputs: string): Build =>
  (z) => ({
    input: image(z),
    constants: [...convolution("f", z.C, z.K, [3, 2]), constant("k", [z.C, 1, 1])],
    nodes: `a = Mul (k, x) y = Conv <${attributes}> (a, f_W, f_b)`,
    outputs,
  });
const PADDED = "pads = [1, 0, 2, 1]";
row("41: Mul, padded Conv", affineInFront(PADDED, "y"), ["Conv"], affineInFront(PADDED, "y, a"), READ, DOWN);
const linear =
  (outputs: string): Build =>
  (z) => ({
    input: rows(z),
    constants: [constant("B", [z.C, z.K]), constant("b", [z.K]), signed("bn", z.C)],
    nodes: `${normalize("a", "x", "bn")} y = Gemm <alpha = 0.5, beta = -1.5> (a, B, b)`,
    outputs,
  });
row("42: BatchNormalization, Gemm", linear("y"), ["Gemm"], linear("y, a"), READ, DOWN);
