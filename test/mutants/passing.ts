import { constant, graphText, literal, normalization, normalize } from "../support/text.js";
import { everyPart, letsThrough, passesUp, reads, reordered, withShift } from "./break.js";
import type { Mutant } from "./stage.js";

const BN = normalize("y", "o", "bn");

/** y = BatchNormalization(operator(c)) behind a Conv with `outputs` channels. */
function behindConv(nodes: string, outputs: number, constants: readonly string[]): string {
  const weights = [constant("W", [outputs, 3, 3, 2]), constant("b", [outputs])];
  return graphText("float[N,3,7,6] x", [...weights, ...constants], `c = Conv (x, W, b) ${nodes}`);
}

/** The same behind two Convs of five channels, c and d. */
function behindTwo(nodes: string, constants: readonly string[], inputs = "float[N,3,7,6] x"): string {
  const weights = ["W", "V"].map((name) => constant(name, [5, 3, 3, 2]));
  const biases = ["b", "a"].map((name) => constant(name, [5]));
  const convs = "c = Conv (x, W, b) d = Conv (x, V, a)";
  return graphText(inputs, [...weights, ...biases, ...constants], `${convs} ${nodes}`);
}

/** y = Mul(operator(Mul(x, K)), k), where K can take a scale along any of its axes. */
function behindConstant(dims: readonly number[], nodes: string, constants: readonly string[]): string {
  return graphText(
    `float[${dims.join(",")}] x`,
    [constant("K", dims), ...constants],
    `a = Mul (x, K) ${nodes}`,
  );
}

/** A BatchNormalization with scales of both signs, and no shift. */
function signed(channels: number): string {
  const zeros = new Array<number>(channels).fill(0);
  return [
    literal(
      "bn_gamma",
      [channels],
      zeros.map((_, c) => (c % 2 === 0 ? 1.5 : -0.75)),
    ),
    literal("bn_beta", [channels], zeros),
    literal("bn_mean", [channels], zeros),
    constant("bn_var", [channels], { low: 0.5, high: 2 }),
  ].join(", ");
}

const K4 = { low: 1.5, high: 3 };
const CONCAT = behindTwo(`o = Concat <axis = 1> (c, d) ${BN}`, [normalization("bn", 10)]);
const GATHERED = [1, 2, 0];

/** The rules by which a map crosses an operator against the flow of data. */
export const PASSING: readonly Mutant[] = [
  {
    name: "Transpose: the permutation is confused with its inverse",
    model: behindConstant([4, 4, 4], "t = Transpose <perm = [1, 2, 0]> (a) y = Mul (t, k)", [
      constant("k", [4, 1, 1], K4),
    ]),
    broken: {
      facets: {
        Transpose: passesUp((right, _, placed) =>
          everyPart(right, ({ map }) => ({ axis: [2, 0, 1][placed.axis ?? 0], map })),
        ),
      },
    },
  },
  {
    name: "Reshape: the axis keeps its number",
    model: behindConstant([2, 4, 4], "r = Reshape (a, shape) y = Mul (r, k)", [
      "int64[2] shape = {8, 4}",
      constant("k", [4], K4),
    ]),
    broken: { facets: { Reshape: letsThrough } },
  },
  {
    name: "Squeeze: the axis keeps its number",
    model: behindConstant([1, 4, 4], "r = Squeeze (a, axes) y = Mul (r, k)", [
      "int64[1] axes = {0}",
      constant("k", [4], K4),
    ]),
    broken: { facets: { Squeeze: letsThrough } },
  },
  {
    name: "ReduceMean: the axis keeps its number where the reduced ones are dropped",
    model: behindConstant([4, 4, 4], "r = ReduceMean <axes = [1], keepdims = 0> (a) y = Mul (r, k)", [
      constant("k", [4], K4),
    ]),
    broken: { facets: { ReduceMean: letsThrough } },
  },
  {
    name: "MatMul of two values: a scale along the columns goes along the rows of what gives the columns",
    model: behindConstant([4, 4], "u = Tanh (x) s = MatMul (u, a) y = Mul (s, k)", [constant("k", [4], K4)]),
    broken: { facets: { MatMul: passesUp((right) => everyPart(right, ({ map }) => ({ axis: 0, map }))) } },
  },
  {
    name: "MatMul of two values: a scale along the columns goes into what gives the rows",
    model: behindConstant([4, 4], "u = Tanh (x) s = MatMul (a, u) y = Mul (s, k)", [constant("k", [4], K4)]),
    guard: /Tanh "u" takes no scale and shift/,
    broken: { facets: { MatMul: letsThrough } },
  },
  {
    name: "MatMul of two values: a shift is let through",
    model: graphText(
      "float[2,4,4] x",
      [constant("K", [2, 4, 4]), constant("k", [4], K4)],
      "a = Add (x, K) u = Tanh (x) s = MatMul (a, u) y = Add (s, k)",
    ),
    guard: "operands-are-not-constant",
    broken: { facets: { MatMul: letsThrough } },
  },
  {
    name: "Concat: the parts take each other's share",
    model: CONCAT,
    broken: {
      facets: {
        Concat: passesUp((right) => {
          const [way] = right;
          return everyPart(right, (part, index) => way?.get(1 - index) ?? part);
        }),
      },
    },
  },
  {
    name: "Concat: every part takes the first share",
    model: CONCAT,
    broken: {
      facets: {
        Concat: passesUp((right) => {
          const [way] = right;
          return everyPart(right, (part) => way?.get(0) ?? part);
        }),
      },
    },
  },
  {
    name: "Add: both branches take the shift",
    model: behindTwo(`o = Add (c, d) ${BN}`, [normalization("bn", 5)]),
    broken: {
      facets: { Add: passesUp((right, _, { map }) => everyPart(right, ({ axis }) => ({ axis, map }))) },
    },
  },
  {
    name: "Add: one branch alone takes the scale",
    model: behindTwo(`o = Add (c, d) ${BN}`, [normalization("bn", 5)]),
    broken: { facets: { Add: passesUp((_, __, placed) => [new Map([[0, placed]])]) } },
  },
  {
    name: "Sub: the shift of what is subtracted keeps its sign",
    model: behindTwo(`r = Relu (c) o = Sub (r, d) ${BN}`, [normalization("bn", 5)]),
    broken: {
      facets: {
        Sub: passesUp((right) =>
          everyPart(right, (part, index) => (index === 1 ? withShift(part, (t) => -t) : part)),
        ),
      },
    },
  },
  {
    name: "Neg: the shift keeps its sign",
    model: behindConv(`o = Neg (c) ${BN}`, 5, [normalization("bn", 5)]),
    broken: {
      facets: {
        // By itself the Neg would go into the Conv before the shift meets it.
        Neg: (right) => {
          const { lift: _, ...broken } = letsThrough(right);
          return broken;
        },
      },
    },
  },
  {
    name: "Mul: both factors take the scale",
    model: behindTwo("o = Mul (c, d) y = Mul (o, k)", [constant("k", [5, 1, 1], K4)]),
    broken: {
      facets: {
        Mul: passesUp((right, node, placed) =>
          node.input(1)?.producer === undefined
            ? right
            : [
                new Map([
                  [0, placed],
                  [1, placed],
                ]),
              ],
        ),
      },
    },
  },
  {
    name: "Div: the divisor takes the scale",
    model: behindConv("o = Div (c, D) y = Mul (o, k)", 5, [
      constant("D", [5, 5, 5], K4),
      constant("k", [5, 1, 1], K4),
    ]),
    broken: {
      facets: { Div: passesUp((_, __, { map }) => [new Map([[1, { axis: 0, map }]])]) },
    },
  },
  {
    name: "Where: only what it takes on true is mapped",
    model: behindTwo(
      `o = Where (m, c, d) ${BN}`,
      [normalization("bn", 5)],
      "float[N,3,7,6] x, bool[N,5,5,5] m",
    ),
    broken: { facets: { Where: passesUp((_, __, placed) => [new Map([[1, placed]])]) } },
  },
  {
    name: "Max: one operand alone takes the shift",
    model: behindTwo(`o = Max (c, d) ${BN}`, [normalization("bn", 5)]),
    broken: {
      facets: {
        Max: passesUp((right) =>
          everyPart(right, (part, index) => (index === 1 ? withShift(part, () => 0) : part)),
        ),
      },
    },
  },
  {
    name: "Max: a negative scale passes",
    model: behindTwo(`o = Max (c, d) ${BN}`, [signed(5)]),
    guard: "scale-is-negative",
    broken: {
      facets: {
        Max: (real) => ({
          ...real,
          passUp: (_, placed) => [
            new Map([
              [0, placed],
              [1, placed],
            ]),
          ],
        }),
      },
    },
  },
  {
    name: "Relu: a negative scale passes",
    model: behindConv(`o = Relu (c) ${BN}`, 5, [signed(5)]),
    guard: "scale-is-negative",
    broken: { facets: { Relu: letsThrough } },
  },
  {
    name: "LeakyRelu: a shift passes",
    model: behindConv(`o = LeakyRelu <alpha = 0.1> (c) ${BN}`, 5, [normalization("bn", 5)]),
    guard: "shift-does-not-pass",
    broken: { facets: { LeakyRelu: letsThrough } },
  },
  {
    name: "MaxPool: a negative scale passes",
    model: behindConv(`o = MaxPool <kernel_shape = [2, 2]> (c) ${BN}`, 5, [signed(5)]),
    guard: "scale-is-negative",
    broken: { facets: { MaxPool: letsThrough } },
  },
  {
    name: "AveragePool: a shift passes where padding counts",
    model: behindConv(
      `o = AveragePool <kernel_shape = [3, 3], pads = [1, 1, 1, 1], count_include_pad = 1> (c) ${BN}`,
      5,
      [normalization("bn", 5)],
    ),
    guard: "padding-is-counted",
    broken: { facets: { AveragePool: reads("count_include_pad", undefined) } },
  },
  {
    name: "ReduceSum: a shift passes as through a mean",
    model: behindConv(`o = ReduceSum <keepdims = 1> (c, axes) ${BN}`, 5, [
      "int64[2] axes = {2, 3}",
      normalization("bn", 5),
    ]),
    guard: "shift-does-not-pass",
    broken: { facets: { ReduceSum: letsThrough } },
  },
  {
    name: "Pad: the border of zeros is not seen",
    model: behindConv(`o = Pad (c, pads) ${BN}`, 5, [
      "int64[8] pads = {0, 0, 1, 1, 0, 0, 0, 1}",
      normalization("bn", 5),
    ]),
    guard: "border-would-change",
    broken: { facets: { Pad: letsThrough } },
  },
  {
    name: "DepthToSpace: DCR is read as CRD",
    model: behindConv(`o = DepthToSpace <blocksize = 2> (c) ${BN}`, 8, [normalization("bn", 2)]),
    broken: { facets: { DepthToSpace: reads("mode", "CRD") } },
  },
  {
    name: "DepthToSpace: CRD is read as DCR",
    model: behindConv(`o = DepthToSpace <blocksize = 2, mode = "CRD"> (c) ${BN}`, 8, [
      normalization("bn", 2),
    ]),
    broken: { facets: { DepthToSpace: reads("mode", "DCR") } },
  },
  {
    name: "Slice: the channels are counted from zero",
    model: behindConv(`o = Slice (c, from, to, axes) ${BN}`, 6, [
      "int64[1] from = {2}, int64[1] to = {5}, int64[1] axes = {1}",
      normalization("bn", 3),
    ]),
    broken: {
      facets: { Slice: passesUp((right) => everyPart(right, (part) => reordered(part, (c) => (c + 2) % 6))) },
    },
  },
  {
    name: "Gather: the indices are confused with their inverse",
    model: behindConv(`o = Gather <axis = 1> (c, at) ${BN}`, 3, [
      `int64[3] at = {${GATHERED.join(", ")}}`,
      normalization("bn", 3),
    ]),
    broken: {
      facets: {
        Gather: passesUp((right, _, placed) =>
          everyPart(right, () => reordered(placed, (c) => GATHERED[c] ?? NaN)),
        ),
      },
    },
  },
  {
    name: "Split: the second output is taken for the first",
    model: graphText(
      "float[N,3,7,6] x",
      [constant("W", [6, 3, 3, 2]), constant("b", [6]), normalization("bn", 3)],
      `c = Conv (x, W, b) z, o = Split <axis = 1> (c) ${BN}`,
      "y, z",
    ),
    broken: {
      facets: { Split: passesUp((right) => everyPart(right, (part) => reordered(part, (c) => (c + 3) % 6))) },
    },
  },
  {
    name: "Tile: its copies of a channel take the map of the first",
    model: behindConv(`o = Tile (c, times) ${BN}`, 3, [
      "int64[4] times = {1, 2, 1, 1}",
      normalization("bn", 6),
    ]),
    guard: "channel-is-picked-twice",
    broken: {
      facets: {
        Tile: (real) => ({
          ...real,
          passUp: (_, { axis, map }) => [
            new Map([[0, { axis, map: { scale: map.scale.slice(0, 3), shift: map.shift.slice(0, 3) } }]]),
          ],
        }),
      },
    },
  },
];
