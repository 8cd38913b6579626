import { scaleTensor } from "../../src/affine/scale-tensor.js";
import { present } from "../../src/base/assert.js";
import { isRefusal, refuse } from "../../src/base/refusal.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { affineFacets } from "../../src/ops/affine.js";
import { constant, graphText, literal, normalization, normalize } from "../support/text.js";
import {
  absorbs,
  before,
  everyPart,
  lifts,
  mistakes,
  passesUp,
  reads,
  reordered,
  weightOf,
  withConstant,
  withTensor,
} from "./break.js";
import type { Mutant } from "./stage.js";

const BN = normalize("y", "c", "bn");

/** y = BatchNormalization(operator(x)): all sizes differ where the mutant allows it, and are equal where it needs that. */
function normalized(input: string, operator: string, constants: readonly string[], channels: number): string {
  return graphText(input, [...constants, normalization("bn", channels)], `c = ${operator} ${BN}`);
}

const CONV = normalized(
  "float[N,3,7,6] x",
  "Conv (x, W, b)",
  [constant("W", [5, 3, 3, 2]), constant("b", [5])],
  5,
);
const SQUARE_CONV = normalized(
  "float[N,4,5,5] x",
  "Conv (x, W, b)",
  [constant("W", [4, 4, 3, 3]), constant("b", [4])],
  4,
);
const GROUPED_TRANSPOSE = normalized(
  "float[N,4,5,6] x",
  "ConvTranspose <group = 2, strides = [2, 1]> (x, W, b)",
  [constant("W", [4, 3, 3, 2]), constant("b", [6])],
  6,
);
const SQUARE_TRANSPOSE = normalized(
  "float[N,4,5,6] x",
  "ConvTranspose (x, W, b)",
  [constant("W", [4, 4, 3, 2]), constant("b", [4])],
  4,
);

function gemm(attributes: string, c: readonly number[] = [4]): string {
  return normalized(
    "float[4,4] x",
    `Gemm <${attributes}> (x, W, C)`,
    [constant("W", [4, 4]), constant("C", c)],
    4,
  );
}

/** One BatchNormalization with the given variances behind a Conv. */
function withVariance(variances: readonly number[]): string {
  const parameters = ["gamma", "beta", "mean"].map((role) => constant(`bn_${role}`, [3]));
  return graphText(
    "float[N,2,5,6] x",
    [constant("W", [3, 2, 3, 3]), constant("b", [3]), ...parameters, literal("bn_var", [3], variances)],
    `c = Conv (x, W, b) ${BN}`,
  );
}

/** An operator with a constant k behind a Conv. */
function arithmetic(nodes: string, k: readonly number[] = [5, 1, 1]): string {
  const constants = [
    constant("W", [5, 3, 3, 2]),
    constant("b", [5]),
    constant("k", k, { low: 1.5, high: 3 }),
  ];
  return graphText("float[N,3,7,6] x", constants, `c = Conv (x, W, b) ${nodes}`);
}

/** The rules that put a map into the constants before it, and those that read one. */
export const ABSORBING: readonly Mutant[] = [
  {
    name: "Conv: the bias is not scaled",
    model: CONV,
    broken: {
      facets: {
        Conv: absorbs((right, node, { map }) =>
          withConstant(right, 2, () => before(node, 2).map((b, c) => b + (map.shift[c] ?? NaN))),
        ),
      },
    },
  },
  {
    name: "Conv: the old bias is forgotten",
    model: CONV,
    broken: { facets: { Conv: absorbs((right, _, { map }) => withConstant(right, 2, () => map.shift)) } },
  },
  {
    name: "Conv: the bias keeps its old value",
    model: CONV,
    broken: { facets: { Conv: absorbs((right) => withConstant(right, 2, undefined)) } },
  },
  {
    name: "Conv: no bias is made where there was none",
    model: normalized("float[N,3,7,6] x", "Conv (x, W)", [constant("W", [5, 3, 3, 2])], 5),
    broken: { facets: { Conv: absorbs((right) => withConstant(right, 2, undefined)) } },
  },
  {
    name: "Conv: the weight takes the scale along its input channels",
    model: SQUARE_CONV,
    broken: {
      facets: {
        Conv: absorbs((right, node, { map }) =>
          withTensor(right, 1, scaleTensor(weightOf(node), map.scale, 9)),
        ),
      },
    },
  },
  {
    name: "Conv: two neighbouring channels are swapped",
    model: CONV,
    broken: { facets: { Conv: mistakes((placed) => reordered(placed, (c) => [1, 0][c] ?? c)) } },
  },
  {
    name: "ConvTranspose: the weight is read as Conv's",
    model: SQUARE_TRANSPOSE,
    broken: {
      facets: {
        ConvTranspose: absorbs((right, node, { map }) =>
          withTensor(right, 1, scaleTensor(weightOf(node), map.scale, 24)),
        ),
      },
    },
  },
  {
    name: "ConvTranspose: every group takes the scale of the first",
    model: GROUPED_TRANSPOSE,
    broken: {
      facets: {
        ConvTranspose: absorbs((right, node, { map }) =>
          withTensor(right, 1, scaleTensor(weightOf(node), map.scale.slice(0, 3), 6)),
        ),
      },
    },
  },
  {
    name: "ConvTranspose: the channels of the groups interleave",
    model: GROUPED_TRANSPOSE,
    broken: {
      facets: {
        ConvTranspose: absorbs((right, node, { map }) => {
          const rows = Float64Array.from(
            { length: 12 },
            (_, row) => map.scale[(row % 3) * 2 + Math.floor(row / 6)] ?? NaN,
          );
          return withTensor(right, 1, scaleTensor(weightOf(node), rows, 6));
        }),
      },
    },
  },
  {
    name: "Gemm: alpha goes into the weight and stays",
    model: gemm("alpha = 0.5"),
    broken: {
      facets: {
        Gemm: absorbs((right, node) =>
          withConstant(right, 1, (w) => w.map((x) => x * node.float("alpha", 1))),
        ),
      },
    },
  },
  {
    name: "Gemm: beta goes into C and stays",
    model: gemm("beta = 0.5"),
    broken: { facets: { Gemm: absorbs((right) => ({ ...right, attributes: {} })) } },
  },
  {
    name: "Gemm: beta is dropped",
    model: gemm("beta = 0.5"),
    broken: { facets: { Gemm: reads("beta", undefined) } },
  },
  {
    name: "Gemm: transB is ignored",
    model: gemm("transB = 1"),
    broken: { facets: { Gemm: reads("transB", undefined) } },
  },
  {
    name: "Gemm: C of [M,1] is taken for [1,N]",
    model: gemm("beta = 2.0", [4, 1]),
    broken: {
      facets: {
        Gemm: absorbs((right, node, { map }) => {
          const values = before(node, 2).map((c, i) => 2 * c * (map.scale[i] ?? NaN) + (map.shift[i] ?? NaN));
          return withTensor(right, 2, tensorFromNumbers("float", [4], values));
        }),
      },
    },
  },
  {
    name: "MatMul: the rows are scaled, not the columns",
    model: normalized("float[N,4] x", "MatMul (x, W)", [constant("W", [4, 4])], 4),
    broken: {
      facets: {
        MatMul: absorbs((right, node, { map }) =>
          withTensor(right, 1, scaleTensor(weightOf(node), map.scale, 4)),
        ),
      },
    },
  },
  {
    name: "MatMul: a constant on the left has its columns scaled",
    model: normalized("float[N,4,5] x", "MatMul (A, x)", [constant("A", [4, 4])], 4),
    broken: {
      facets: {
        MatMul: absorbs((right, node, { map }) =>
          withTensor(right, 0, scaleTensor(weightOf(node, 0), map.scale, 1)),
        ),
      },
    },
  },
  {
    name: "MatMul: it becomes a Gemm without the shift",
    model: normalized("float[N,3] x", "MatMul (x, W)", [constant("W", [3, 5])], 5),
    broken: { facets: { MatMul: absorbs((right) => withConstant(right, 2, undefined)) } },
  },
  {
    name: "MatMul: the Add that it leaves is forgotten",
    model: graphText(
      "float[N,2,3] x",
      [constant("W", [3, 5]), normalization("bn", 5)],
      `m = MatMul (x, W) c = Transpose <perm = [0, 2, 1]> (m) ${BN}`,
    ),
    broken: { facets: { MatMul: absorbs(({ remainder: _, ...right }) => right) } },
  },
  {
    name: "InstanceNormalization: the bias is not scaled",
    model: normalized(
      "float[N,4,5,6] x",
      "InstanceNormalization (x, s, b)",
      [constant("s", [4]), constant("b", [4])],
      4,
    ),
    broken: {
      facets: {
        InstanceNormalization: absorbs((right, node, { map }) =>
          withConstant(right, 2, () => before(node, 2).map((b, c) => b + (map.shift[c] ?? NaN))),
        ),
      },
    },
  },
  {
    name: "DequantizeLinear: the zero point takes part of the scale",
    model: graphText(
      "float[N,3,7,6] x",
      [
        literal(
          "q",
          [4, 3, 2, 2],
          Array.from({ length: 48 }, (_, i) => ((i * 37) % 200) - 100),
          "int8",
        ),
        literal("s", [4], [0.02, 0.01, 0.03, 0.05]),
        literal("z", [4], [3, -5, 7, 1], "int8"),
        constant("k", [4, 1, 1], { low: 1.5, high: 3 }),
      ],
      "W = DequantizeLinear <axis = 0> (q, s, z) c = Conv (x, W) y = Mul (c, k)",
    ),
    broken: {
      facets: {
        DequantizeLinear: absorbs((right, _, { map }) =>
          withTensor(
            right,
            2,
            tensorFromNumbers(
              "int8",
              [4],
              [3, -5, 7, 1].map((z, c) => Math.round(z * (map.scale[c] ?? NaN))),
            ),
          ),
        ),
      },
    },
  },
  {
    name: "DequantizeLinear: the channels of its scale are off by one",
    model: graphText(
      "float[N,3,7,6] x",
      [
        literal(
          "q",
          [4, 3, 2, 2],
          Array.from({ length: 48 }, (_, i) => ((i * 37) % 200) - 100),
          "int8",
        ),
        literal("s", [], [0.02]),
        constant("k", [4, 1, 1], { low: 1.5, high: 3 }),
      ],
      "W = DequantizeLinear (q, s) c = Conv (x, W) y = Mul (c, k)",
    ),
    broken: { facets: { DequantizeLinear: mistakes((placed) => reordered(placed, (c) => (c + 1) % 4)) } },
  },
  {
    name: "BatchNormalization: epsilon is dropped at small variances",
    model: withVariance([1e-3, 4e-4, 2e-3]),
    broken: { facets: { BatchNormalization: reads("epsilon", { kind: "float", value: 0 }) } },
  },
  {
    name: "BatchNormalization: epsilon is dropped at a variance of one",
    model: withVariance([1, 0.8, 1.3]),
    broken: { facets: { BatchNormalization: reads("epsilon", { kind: "float", value: 0 }) } },
  },
  {
    name: "BatchNormalization: its own epsilon is read as the default",
    model: normalized("float[N,2,5,6] x", "Conv (x, W)", [constant("W", [3, 2, 3, 3])], 3).replace(
      "BatchNormalization",
      "BatchNormalization <epsilon = 0.001>",
    ),
    broken: { facets: { BatchNormalization: reads("epsilon", undefined) } },
  },
  {
    name: "BatchNormalization: the mean has the wrong sign",
    model: CONV,
    broken: {
      facets: {
        BatchNormalization: lifts((right) => {
          const [beta, mean] = [before(right.node, 2), before(right.node, 3)];
          const shift = beta.map((b, c) => b + (mean[c] ?? NaN) * (right.map.scale[c] ?? NaN));
          return { ...right, map: { scale: right.map.scale, shift } };
        }),
      },
    },
  },
  {
    name: "BatchNormalization: the mean is not scaled",
    model: CONV,
    broken: {
      facets: {
        BatchNormalization: lifts((right) => {
          const [beta, mean] = [before(right.node, 2), before(right.node, 3)];
          const shift = beta.map((b, c) => b - (mean[c] ?? NaN));
          return { ...right, map: { scale: right.map.scale, shift } };
        }),
      },
    },
  },
  {
    name: "BatchNormalization: the variance is taken for the deviation",
    model: CONV,
    broken: {
      facets: {
        BatchNormalization: lifts((right) => {
          const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => before(right.node, index));
          const scale = right.map.scale.map((_, c) => (gamma?.[c] ?? NaN) / ((variance?.[c] ?? NaN) + 1e-5));
          const shift = scale.map((s, c) => (beta?.[c] ?? NaN) - (mean?.[c] ?? NaN) * s);
          return { ...right, map: { scale, shift } };
        }),
      },
    },
  },
  {
    name: "Div: a divisor is taken for a factor",
    model: arithmetic("y = Div (c, k)"),
    broken: {
      facets: {
        Div: lifts((right) => ({
          ...right,
          map: { scale: right.map.scale.map((s) => 1 / s), shift: right.map.shift },
        })),
      },
    },
  },
  {
    name: "Sub: in k - x the sign of x is forgotten",
    model: arithmetic("y = Sub (k, c)"),
    broken: {
      facets: {
        Sub: lifts((right) => ({
          ...right,
          map: { scale: right.map.scale.map(Math.abs), shift: right.map.shift },
        })),
      },
    },
  },
  {
    name: "Sub: in x - k the sign of k is forgotten",
    model: arithmetic("y = Sub (c, k)"),
    broken: {
      facets: {
        Sub: lifts((right) => ({
          ...right,
          map: { scale: right.map.scale, shift: right.map.shift.map(Math.abs) },
        })),
      },
    },
  },
  {
    name: "Mul: the axis of its constant is counted from the left",
    model: graphText(
      "float[N,4,4] x",
      [constant("K", [4, 4]), constant("k", [4, 1], { low: 1.5, high: 3 })],
      "a = Mul (x, K) y = Mul (a, k)",
    ),
    broken: { facets: { Mul: lifts((right) => ({ ...right, axis: 2 })) } },
  },
  {
    name: "a value that others read too is scaled for all of them",
    model: graphText(
      "float[N,3,7,6] x",
      [constant("W", [5, 3, 3, 2]), constant("b", [5]), normalization("bn", 5)],
      `c = Conv (x, W, b) ${BN} z = Relu (c)`,
      "y, z",
    ),
    guard: "output-has-other-uses",
    broken: {
      functions: {
        planUp: (real) => (reader, placed, facts) => {
          const right = real(reader, placed, facts);
          const producer = reader.node.input(reader.index)?.producer;
          if (!isRefusal(right) || producer === undefined) return right;
          const absorption = affineFacets(producer).absorbUp?.(producer, placed, facts);
          if (absorption === undefined) return refuse("nothing absorbs it");
          if (isRefusal(absorption)) return absorption;
          return [{ node: producer, absorption }];
        },
      },
    },
  },
  {
    name: "Gather: the rows that others read, too, are scaled",
    model: graphText(
      "int64[N,3] x",
      [constant("T", [1, 5]), constant("k", [5])],
      "e = Gather (T, x) y = Mul (e, k) z = Exp (e)",
      "y, z",
    ),
    broken: {
      functions: {
        planUp: (real) => (reader, placed, facts) => {
          const right = real(reader, placed, facts);
          return isRefusal(right) ? right : right.map(({ copyFor: _, ...rest }) => rest);
        },
      },
    },
  },
  {
    name: "SpaceToDepth: the channels it joins are counted backwards",
    model: graphText(
      "float[N,3,4,6] x",
      ["float[8,1,1] k = {2, 0.5, 2, 0.5, 2, 0.5, 2, 0.5}", constant("W", [2, 3, 1, 1])],
      "c = Conv (x, W) d = SpaceToDepth <blocksize = 2> (c) y = Mul (d, k)",
    ),
    broken: {
      facets: {
        SpaceToDepth: passesUp((ways) => everyPart(ways, (part) => reordered(part, (c) => 1 - c))),
      },
    },
  },
  {
    name: "a shared weight is changed in place",
    model: graphText(
      "float[N,4,7,6] x",
      [constant("W", [4, 4, 1, 1]), constant("b", [4]), normalization("bn", 4)],
      `c = Conv (x, W, b) ${BN} z = Conv (x, W, b)`,
      "y, z",
    ),
    broken: {
      setConstant: (rewriter, node, index, tensor, base) => {
        const old = node.input(index);
        if (old?.tensor !== undefined) old.tensor = tensor;
        else
          rewriter.setInput(node, index, rewriter.addConstant(present(node.graph, "a graph"), base, tensor));
      },
    },
  },
];
