import { scaleTensor } from "../../src/affine/scale-tensor.js";
import { isRefusal } from "../../src/base/refusal.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { scaleOf } from "../../src/rules/affine/placement.js";
import { constant, graphText, literal, normalization, normalize } from "../support/text.js";
import {
  absorbsBelow,
  before,
  letsThrough,
  mistakes,
  passesDown,
  reads,
  reordered,
  weightOf,
  withConstant,
  withShift,
  withTensor,
} from "./break.js";
import type { Mutant } from "./stage.js";

const BN = normalize("n", "x", "bn");

/** y = operator(BatchNormalization(x)) */
function normalizedBefore(
  input: string,
  channels: number,
  nodes: string,
  constants: readonly string[],
): string {
  return graphText(input, [normalization("bn", channels), ...constants], `${BN} ${nodes}`);
}

function conv(attributes: string, weight: readonly number[] = [5, 4, 3, 2]): string {
  return normalizedBefore("float[N,4,7,6] x", 4, `y = Conv ${attributes} (n, W, b)`, [
    constant("W", weight),
    constant("b", [weight[0] ?? 0]),
  ]);
}

function gemm(attributes: string): string {
  return normalizedBefore("float[4,4] x", 4, `y = Gemm <${attributes}> (n, W, C)`, [
    constant("W", [4, 4]),
    constant("C", [4]),
  ]);
}

/** A product of a sequence whose shift goes into what is behind it. */
function sequence(sum: string): string {
  return normalizedBefore(
    "float[N,4,4] x",
    4,
    `t = Transpose <perm = [0, 2, 1]> (n) m = MatMul (t, W) y = ${sum}`,
    [constant("W", [4, 4]), constant("b", [4])],
  );
}

const pass = "fold-affine-down";

/** The rules that move a map with the flow of data. */
export const BELOW: readonly Mutant[] = [
  {
    name: "MatMul: the shift that the Add behind it takes is forgotten",
    pass,
    model: sequence("Add (m, b)"),
    broken: {
      functions: {
        landRemainder: (real) => (landing, facts) => real(landing, facts).slice(0, 1),
      },
    },
  },
  {
    name: "MatMul: the Sub behind it takes the shift with the wrong sign",
    pass,
    model: sequence("Sub (b, m)"),
    broken: {
      functions: {
        landRemainder: (real) => (landing, facts) => {
          const [product, sum] = real(landing, facts);
          if (product === undefined || sum === undefined) return real(landing, facts);
          const turned = withConstant(sum.absorption, 0, (right) =>
            right.map((value, c) => 2 * (before(sum.node, 0)[c] ?? NaN) - value),
          );
          return [product, { ...sum, absorption: turned }];
        },
      },
    },
  },
  {
    name: "Conv: pads are ignored",
    pass,
    model: conv("<pads = [0, 1, 1, 0]>"),
    broken: { facets: { Conv: reads("pads", undefined) } },
  },
  {
    name: "Conv: auto_pad is ignored",
    pass,
    model: conv('<auto_pad = "SAME_UPPER">'),
    broken: { facets: { Conv: reads("auto_pad", undefined) } },
  },
  {
    name: "Conv: the shift behind a padded one forgets the border",
    pass,
    model: normalizedBefore(
      "float[N,4,8,6] x",
      4,
      "y = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (n, W, b)",
      [constant("W", [2, 4, 3, 3]), constant("b", [2])],
    ),
    broken: {
      facets: {
        Conv: absorbsBelow((right) => {
          if (right.remainder === undefined) return right;
          const { dims, dtype } = right.remainder;
          const values = right.remainder.toFloat64();
          // The map of the middle of the image, for the whole channel.
          const inner = values.map((_, i) => values[i - (i % 12) + 4] ?? NaN);
          return { ...right, remainder: tensorFromNumbers(dtype, dims, inner) };
        }),
      },
    },
  },
  {
    name: "Conv: the shift behind a padded one is scaled, too",
    pass,
    model: normalizedBefore(
      "float[N,4,8,6] x",
      4,
      "y = Conv <pads = [0, 1, 1, 0], strides = [3, 2]> (n, W, b)",
      [constant("W", [2, 4, 3, 3]), constant("b", [2])],
    ),
    broken: { facets: { Conv: mistakes((placed) => withShift(placed, (t, s) => t * s)) } },
  },
  {
    name: "DepthToSpace: the channels it joins are counted backwards",
    pass,
    model: graphText(
      "float[N,8,3,4] x",
      ["float[8,1,1] k = {2, 0.5, 2, 0.5, 2, 0.5, 2, 0.5}", constant("W", [3, 2, 1, 1])],
      "n = Mul (x, k) d = DepthToSpace <blocksize = 2> (n) y = Conv (d, W)",
    ),
    broken: { facets: { DepthToSpace: passesDown((right) => reordered(right, (c) => 1 - c)) } },
  },
  {
    name: "Conv: every group reads the channels of the first",
    pass,
    model: conv("<group = 2>", [6, 2, 3, 2]),
    broken: { facets: { Conv: mistakes((placed) => reordered(placed, (c) => c % 2)) } },
  },
  {
    name: "Conv: the shift goes through the scaled weight",
    pass,
    model: conv(""),
    broken: { facets: { Conv: mistakes((placed) => withShift(placed, (t, s) => t * s)) } },
  },
  {
    name: "Conv: the shift goes through one tap",
    pass,
    model: conv(""),
    broken: {
      facets: {
        Conv: absorbsBelow((right, node, { map }) =>
          withConstant(right, 2, () => {
            const [bias, weight] = [before(node, 2), before(node, 1)];
            return bias.map((b, m) =>
              map.shift.reduce((sum, t, c) => sum + t * (weight[(m * 4 + c) * 6] ?? NaN), b),
            );
          }),
        ),
      },
    },
  },
  {
    name: "Conv: the scale reaches its output channels",
    pass,
    model: conv("", [4, 4, 3, 2]),
    broken: {
      facets: {
        Conv: absorbsBelow((right, node, { map }) =>
          withTensor(right, 1, scaleTensor(weightOf(node), map.scale, 24)),
        ),
      },
    },
  },
  {
    name: "ConvTranspose: a shift goes into the bias",
    pass,
    model: normalizedBefore("float[N,4,5,6] x", 4, "y = ConvTranspose (n, W)", [constant("W", [4, 5, 3, 2])]),
    broken: {
      facets: {
        ConvTranspose: ({ absorbDown, ...rest }) => ({
          ...rest,
          absorbDown: (node, index, placed, facts) => {
            const right = absorbDown?.(node, index, scaleOf(placed), facts);
            if (right === undefined || isRefusal(right)) return right ?? { constants: new Map() };
            const [weight, bias] = [before(node, 1), new Float64Array(5)];
            weight.forEach((w, i) => {
              const m = Math.floor(i / 6) % 5;
              bias[m] = (bias[m] ?? NaN) + w * (placed.map.shift[Math.floor(i / 30)] ?? NaN);
            });
            return withTensor(right, 2, tensorFromNumbers("float", [5], bias));
          },
        }),
      },
    },
  },
  {
    name: "Gemm: alpha misses the shift",
    pass,
    model: gemm("alpha = 0.5"),
    broken: { facets: { Gemm: reads("alpha", undefined) } },
  },
  {
    name: "Gemm: beta goes into C and stays, below",
    pass,
    model: gemm("beta = 0.5"),
    broken: { facets: { Gemm: absorbsBelow((right) => ({ ...right, attributes: {} })) } },
  },
  {
    name: "Gemm: transB is ignored, below",
    pass,
    model: gemm("transB = 1"),
    broken: { facets: { Gemm: reads("transB", undefined) } },
  },
  {
    name: "Gemm: transA is ignored",
    pass,
    model: gemm("transA = 1"),
    guard: /the map runs along axis 1, the weight's rows along axis 0/,
    broken: { facets: { Gemm: reads("transA", undefined) } },
  },
  {
    name: "MatMul: the columns are scaled, not the rows",
    pass,
    model: normalizedBefore("float[N,4] x", 4, "y = MatMul (n, W)", [constant("W", [4, 4])]),
    broken: {
      facets: {
        MatMul: absorbsBelow((right, node, { map }) =>
          withTensor(right, 1, scaleTensor(weightOf(node), map.scale, 1)),
        ),
      },
    },
  },
  {
    name: "LSTM: the second direction misses the shift",
    pass,
    model: graphText(
      "float[5,2,4] x",
      [constant("k", [4]), constant("W", [2, 12, 4]), constant("R", [2, 12, 3]), constant("B", [2, 24])],
      'n = Add (x, k) y = LSTM <hidden_size = 3, direction = "bidirectional"> (n, W, R, B)',
    ),
    broken: {
      facets: {
        LSTM: absorbsBelow((right, node) =>
          withConstant(right, 3, (b) => b.map((value, i) => (i < 24 ? value : (before(node, 3)[i] ?? NaN)))),
        ),
      },
    },
  },
  {
    name: "Flatten: the parameters are tiled, not repeated",
    pass,
    model: normalizedBefore("float[N,3,2,2] x", 3, "f = Flatten (n) y = Gemm (f, W, C)", [
      constant("W", [12, 5]),
      constant("C", [5]),
    ]),
    broken: { facets: { Flatten: passesDown((right) => reordered(right, (i) => (i % 3) * 4)) } },
  },
  {
    name: "SpaceToDepth: the channels are repeated, not tiled",
    pass,
    model: normalizedBefore(
      "float[N,3,6,4] x",
      3,
      "d = SpaceToDepth <blocksize = 2> (n) y = Conv (d, W, b)",
      [constant("W", [5, 12, 1, 1]), constant("b", [5])],
    ),
    broken: { facets: { SpaceToDepth: passesDown((right) => reordered(right, (i) => Math.floor(i / 4))) } },
  },
  {
    name: "Slice: the channels are counted from zero, below",
    pass,
    model: normalizedBefore("float[N,5,6,4] x", 5, "s = Slice (n, from, to, axes) y = Conv (s, W, b)", [
      "int64[1] from = {1}, int64[1] to = {4}, int64[1] axes = {1}",
      constant("W", [5, 3, 3, 2]),
      constant("b", [5]),
    ]),
    broken: {
      facets: {
        Slice: passesDown(({ axis }, _, { map }) => ({
          axis,
          map: { scale: map.scale.slice(0, 3), shift: map.shift.slice(0, 3) },
        })),
      },
    },
  },
  {
    name: "Transpose: the permutation is confused with its inverse, below",
    pass,
    model: normalizedBefore(
      "float[4,4,4] x",
      4,
      "t = Transpose <perm = [1, 2, 0]> (n) m = MatMul (t, W) y = Add (m, k)",
      [constant("W", [4, 5]), constant("k", [5])],
    ),
    guard: /the map runs along axis 0/,
    broken: { facets: { Transpose: passesDown(({ map }) => ({ axis: 2, map })) } },
  },
  {
    name: "Concat: the part starts at zero",
    pass,
    model: normalizedBefore(
      "float[N,3,6,4] x, float[N,3,6,4] z",
      3,
      "o = Concat <axis = 1> (z, n) y = Conv (o, W, b)",
      [constant("W", [5, 6, 3, 2]), constant("b", [5])],
    ),
    broken: { facets: { Concat: passesDown((right) => reordered(right, (c) => (c + 3) % 6)) } },
  },
  {
    name: "Add: a scale of one term passes",
    pass,
    model: normalizedBefore("float[N,3,6,4] x, float[N,3,6,4] z", 3, "o = Add (n, z) y = Conv (o, W, b)", [
      constant("W", [5, 3, 3, 2]),
      constant("b", [5]),
    ]),
    broken: { facets: { Add: letsThrough } },
  },
  {
    name: "Sub: the shift of what is subtracted keeps its sign, below",
    pass,
    model: graphText(
      "float[N,3,6,4] x, float[N,3,6,4] z",
      [constant("k", [3, 1, 1]), constant("W", [5, 3, 3, 2]), constant("b", [5])],
      "n = Add (x, k) o = Sub (z, n) y = Conv (o, W, b)",
    ),
    broken: { facets: { Sub: passesDown((right) => withShift(right, (t) => -t)) } },
  },
  {
    name: "AveragePool: a shift passes where padding counts, below",
    pass,
    model: normalizedBefore(
      "float[N,3,6,4] x",
      3,
      "o = AveragePool <kernel_shape = [3, 3], pads = [1, 1, 1, 1], count_include_pad = 1> (n) y = Conv (o, W)",
      [constant("W", [5, 3, 3, 2])],
    ),
    broken: { facets: { AveragePool: reads("count_include_pad", undefined) } },
  },
  {
    name: "Relu: a shift passes",
    pass,
    model: normalizedBefore("float[N,3,6,4] x", 3, "o = Relu (n) y = Conv (o, W)", [
      constant("W", [5, 3, 3, 2]),
    ]),
    broken: { facets: { Relu: letsThrough } },
  },
  {
    name: "MaxPool: a negative scale passes, below",
    pass,
    model: graphText(
      "float[N,3,6,4] x",
      [
        literal("bn_gamma", [3], [1.5, -0.75, 1]),
        ...["beta", "mean"].map((role) => constant(`bn_${role}`, [3])),
        constant("bn_var", [3], { low: 0.5, high: 2 }),
        constant("W", [5, 3, 3, 2]),
      ],
      `${BN} o = MaxPool <kernel_shape = [2, 2]> (n) y = Conv (o, W)`,
    ),
    broken: { facets: { MaxPool: letsThrough } },
  },
];
