import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { present } from "../../src/base/assert.js";
import { isRefusal } from "../../src/base/refusal.js";
import { attribute } from "../../src/ir/attribute.js";
import { affineFacets } from "../../src/ops/affine.js";
import type { PlacedMap } from "../../src/rules/affine/facet.js";
import { valueNamed } from "../support/facts.js";
import { modelOf } from "../support/rewrite.js";

/** What is asked of the node that gives "y". */
interface Question {
  readonly of: "absorbUp" | "absorbDown" | "passUp" | "passDown";
  /** The graph: inputs, constants, nodes. */
  readonly graph: readonly [inputs: string, constants: string, nodes: string];
  readonly outputs?: string;
  readonly map: PlacedMap;
  /** The input or the output that is mapped. */
  readonly at?: number;
  readonly opset?: number;
  /** An attribute that comes from the caller of a function. */
  readonly ref?: string;
}

/** Scales and shifts of channels along an axis; undefined: of all elements. */
function along(axis: number | undefined, scale: readonly number[], shift?: readonly number[]): PlacedMap {
  return {
    axis,
    map: { scale: Float64Array.from(scale), shift: Float64Array.from(shift ?? scale.map(() => 0)) },
  };
}

/** A scale and a shift of two channels. */
const TWO = along(1, [2, 3], [1, -1]);
const SCALES = along(1, [2, 3]);
const HUGE = along(1, [1e30, 1]);
/** Shifts that are in range, but not their products with other numbers of the kind. */
const FAR = along(1, [1, 1], [3e38, 3e38]);

function answerTo({ of, graph, outputs = "y", map, at = 0, opset = 17, ref }: Question): unknown {
  const [inputs, constants, nodes] = graph;
  const model = modelOf(`g (${inputs}) => (${outputs}) <${constants}> { ${nodes} }`, opset);
  const node = present(valueNamed(model, "y").producer, "y is computed");
  if (ref !== undefined) node.set(attribute(ref, { kind: "ref", ref: "given", type: "int" }));
  const facts = createFacts(model);
  const facets = affineFacets(node);
  switch (of) {
    case "absorbUp":
      return present(facets.absorbUp, "it absorbs")(node, map, facts);
    case "absorbDown":
      return present(facets.absorbDown, "it absorbs")(node, at, map, facts);
    case "passUp":
      return present(facets.passUp, "it passes")(node, map, facts, at);
    case "passDown":
      return present(facets.passDown, "it passes")(node, at, map, facts, 0);
  }
}

/** Each question, under the id of the refusal that must answer it. */
function refusals(rows: Readonly<Record<string, Question>>): void {
  it.each(Object.entries(rows))("%s", (name, question) => {
    const answer = answerTo(question);
    if (!isRefusal(answer)) expect.unreachable(`not refused: ${JSON.stringify(answer)}`);
    expect(answer.id).toBe(name.split(":")[0]);
  });
}

const CONV: Question["graph"] = [
  "float[1,2,4,4] x",
  "float[3,2,1,1] W = {1, 2, 3, 4, 5, 6}, float[3] b = {1, 2, 3}",
  "y = Conv (x, W, b)",
];
const TRANSPOSED: Question["graph"] = [
  "float[1,2,4,4] x",
  "float[2,2,1,1] W = {1, 2, 3, 4}, float[2] b = {1, 2}",
  "y = ConvTranspose (x, W, b)",
];

describe("Conv and ConvTranspose", () => {
  const large: Question["graph"] = [
    "float[1,2,4,4] x",
    "float[2,2,1,1] W = {3e20, 2, 3e20, 4}, float[2] b = {3e38, 2}",
    "y = Conv (x, W, b)",
  ];
  const flat: Question["graph"] = ["float[1,2,4,4] x", "float[2,2] W = {1, 2, 3, 4}", "y = Conv (x, W)"];
  const turned = (graph: Question["graph"]): Question["graph"] => [
    graph[0],
    graph[1],
    graph[2].replace("Conv ", "ConvTranspose "),
  ];
  refusals({
    "attribute-is-set-by-caller: a map of the output": {
      of: "absorbUp",
      graph: CONV,
      map: along(1, [1, 2, 3]),
      ref: "group",
    },
    "attribute-is-set-by-caller: a map of the input": {
      of: "absorbDown",
      graph: CONV,
      map: SCALES,
      ref: "group",
    },
    "weight-has-other-rank: a map of the output": { of: "absorbUp", graph: flat, map: SCALES },
    "weight-has-other-rank: a map of the input": { of: "absorbDown", graph: flat, map: SCALES },
    "weight-would-overflow: a map of the output": { of: "absorbUp", graph: large, map: HUGE },
    "weight-would-overflow: a map of the input": { of: "absorbDown", graph: large, map: HUGE },
    "weight-would-overflow: a map of the input of a ConvTranspose": {
      of: "absorbDown",
      graph: turned(large),
      map: HUGE,
    },
    "bias-would-overflow: a map of the output": { of: "absorbUp", graph: large, map: along(1, [2, 2]) },
    "bias-would-overflow: a shift of the output": { of: "absorbUp", graph: large, map: FAR },
    "value-is-not-its-data: a ConvTranspose": { of: "absorbDown", graph: TRANSPOSED, map: SCALES, at: 1 },
    "channels-do-not-divide-into-groups: three groups of two channels": {
      of: "absorbUp",
      graph: [TRANSPOSED[0], TRANSPOSED[1], "y = ConvTranspose <group = 3> (x, W, b)"],
      map: SCALES,
    },
    "channels-do-not-divide-into-groups: no group": {
      of: "absorbUp",
      graph: [TRANSPOSED[0], TRANSPOSED[1], "y = ConvTranspose <group = 0> (x, W, b)"],
      map: SCALES,
    },
    "border-stays: a padding that is not known": {
      of: "absorbDown",
      graph: [
        "float[1,2,4,4] x",
        "float[3,2,1,1] W = {1, 2, 3, 4, 5, 6}",
        `y = Conv <auto_pad = "SAME_SOMEHOW"> (x, W)`,
      ],
      outputs: "float[1,3,4,4] y",
      map: TWO,
    },
  });
});

describe("Gemm and MatMul", () => {
  const gemm: Question["graph"] = [
    "float[N,2] x",
    "float[2,2] B = {1, 2, 3, 4}, float[2] C = {1, 2}",
    "y = Gemm (x, B, C)",
  ];
  const large: Question["graph"] = ["float[N,2] x", "float[2,2] B = {3e20, 2, 3e20, 4}", "y = MatMul (x, B)"];
  const right = (weight: string): Question["graph"] => ["float[2,3] x", weight, "y = MatMul (A, x)"];
  const squares = "float[2,2] A = {3e20, 2, 3e20, 4}";
  refusals({
    "attribute-is-set-by-caller: a map of the output": {
      of: "absorbUp",
      graph: gemm,
      map: TWO,
      ref: "transB",
    },
    "attribute-is-set-by-caller: a map of the input": {
      of: "absorbDown",
      graph: gemm,
      map: TWO,
      ref: "transB",
    },
    "broadcasts-by-old-rules: a map of the output": { of: "absorbUp", graph: gemm, map: TWO, opset: 6 },
    "broadcasts-by-old-rules: a map of the input": { of: "absorbDown", graph: gemm, map: TWO, opset: 6 },
    "value-is-not-its-data: B": { of: "absorbDown", graph: gemm, map: TWO, at: 1 },
    "value-is-not-its-data: C": { of: "absorbDown", graph: gemm, map: TWO, at: 2 },
    "bias-has-other-shape: C with three axes": {
      of: "absorbUp",
      graph: ["float[N,2] x", "float[2,2] B = {1, 2, 3, 4}, float[1,1,2] C = {1, 2}", "y = Gemm (x, B, C)"],
      map: TWO,
    },
    "bias-has-other-shape: C with more columns": {
      of: "absorbUp",
      graph: ["float[N,2] x", "float[2,2] B = {1, 2, 3, 4}, float[3] C = {1, 2, 3}", "y = Gemm (x, B, C)"],
      map: TWO,
    },
    "bias-would-overflow: a map of the output": {
      of: "absorbUp",
      graph: ["float[N,2] x", "float[2,2] B = {1, 2, 3, 4}, float[2] C = {3e38, 2}", "y = Gemm (x, B, C)"],
      map: along(1, [2, 2], [1, 1]),
    },
    "weight-has-other-rank: a vector": {
      of: "absorbUp",
      graph: ["float[N,2] x", "float[2] B = {1, 2}", "y = MatMul (x, B)"],
      map: along(undefined, [2]),
    },
    "weight-would-overflow: a map of the rows": { of: "absorbDown", graph: large, map: HUGE },
    "weight-would-overflow: a map of the columns of a constant on the left": {
      of: "absorbDown",
      graph: right(squares),
      map: along(0, [1e30, 1]),
      at: 1,
    },
    "weight-is-not-float: a constant of integers on the left": {
      of: "absorbDown",
      graph: ["int32[2,3] x", "int32[2,2] A = {1, 2, 3, 4}", "y = MatMul (A, x)"],
      map: along(0, [2, 3]),
      at: 1,
    },
    "right-operand-takes-no-shift: a shift of the right operand": {
      of: "absorbDown",
      graph: right(squares),
      map: along(0, [1, 1], [1, 2]),
      at: 1,
    },
    "map-has-other-channels: rows of Gemm's B": { of: "absorbDown", graph: gemm, map: along(1, [1, 2, 3]) },
    "map-has-other-channels: columns of Gemm's B": { of: "absorbUp", graph: gemm, map: along(1, [1, 2, 3]) },
    "operands-lack-map-axis: neither operand has the axis": {
      of: "passUp",
      graph: ["float[2,3] x, float[3,4] z", "", "y = MatMul (x, z)"],
      outputs: "float[5,2,4] y",
      map: along(0, [1, 2, 3, 4, 5]),
    },
  });
});

describe("normalizations", () => {
  const layer: Question["graph"] = [
    "float[N,2] x",
    "float[2] s = {1, 2}, float[2] b = {1, 2}",
    "y = LayerNormalization (x, s, b)",
  ];
  refusals({
    "attribute-is-set-by-caller: the epsilon": {
      of: "absorbUp",
      graph: ["float[N,2,4] x", layer[1], "y = InstanceNormalization (x, s, b)"],
      map: TWO,
      ref: "epsilon",
    },
    "output-rank-is-unknown: an axis that comes from the caller": {
      of: "absorbUp",
      graph: layer,
      map: TWO,
      ref: "axis",
    },
    "normalization-scale-is-no-vector: a scale with two axes": {
      of: "absorbUp",
      graph: ["float[N,2] x", "float[1,2] s = {1, 2}", "y = LayerNormalization (x, s)"],
      map: TWO,
    },
    "statistics-outputs-are-used: the mean is read": {
      of: "absorbUp",
      graph: [layer[0], layer[1], "y, m = LayerNormalization (x, s, b) z = Neg (m)"],
      outputs: "y, z",
      map: TWO,
    },
    "map-differs-within-group: groups that do not divide the channels": {
      of: "absorbUp",
      graph: [
        "float[N,3,4] x",
        "float[2] s = {1, 2}, float[2] b = {1, 2}",
        "y = GroupNormalization <num_groups = 2> (x, s, b)",
      ],
      map: along(1, [2, 2, 2]),
      opset: 18,
    },
  });
});

describe("DequantizeLinear", () => {
  const graph: Question["graph"] = [
    "",
    "int8[2,2] w = {1, 2, 3, 4}, float s = {0.5}",
    "y = DequantizeLinear (w, s)",
  ];
  refusals({
    "attribute-is-set-by-caller: the axis": { of: "absorbUp", graph, map: SCALES, ref: "axis" },
    "dequantization-takes-no-shift: a shift": { of: "absorbUp", graph, map: TWO },
    "quantization-scale-is-per-block: blocks": {
      of: "absorbUp",
      graph: [
        "",
        "int8[2,2] w = {1, 2, 3, 4}, float[2,1] s = {0.5, 1}",
        "y = DequantizeLinear <block_size = 2> (w, s)",
      ],
      map: along(undefined, [2]),
      opset: 21,
    },
    "quantization-scale-is-uniform-by-version: opset 10": { of: "absorbUp", graph, map: SCALES, opset: 10 },
    "quantization-scale-would-overflow: too large": { of: "absorbUp", graph, map: along(1, [1e39, 1]) },
    "quantization-scale-would-overflow: too small": { of: "absorbUp", graph, map: along(1, [1e-39, 1]) },
  });
});

describe("recurrent layers", () => {
  const rnn = (weight = "1, 2, 3, 4", bias = "1, 1, 1, 1"): Question["graph"] => [
    "float[3,1,2] x",
    `float[1,2,2] W = {${weight}}, float[1,2,2] R = {1, 2, 3, 4}, float[1,${bias.split(",").length}] B = {${bias}}`,
    "y = RNN <hidden_size = 2> (x, W, R, B)",
  ];
  const features = along(2, [2, 3], [1, -1]);
  refusals({
    "value-is-not-its-data: the weight": { of: "absorbDown", graph: rnn(), map: features, at: 1 },
    "attribute-is-set-by-caller: the hidden size": {
      of: "absorbDown",
      graph: rnn(),
      map: features,
      ref: "hidden_size",
    },
    "bias-has-other-size: half a bias": { of: "absorbDown", graph: rnn("1, 2, 3, 4", "1, 1"), map: features },
    "bias-would-overflow: a large shift": {
      of: "absorbDown",
      graph: rnn(),
      map: along(2, [1, 1], [3e38, 3e38]),
    },
    "weight-would-overflow: a large scale": {
      of: "absorbDown",
      graph: rnn("3e20, 2, 3e20, 4"),
      map: along(2, [1e30, 1]),
    },
    "map-has-other-channels: another number of features": {
      of: "absorbDown",
      graph: rnn(),
      map: along(2, [1, 2, 3]),
    },
  });
});

describe("operators that let maps through", () => {
  refusals({
    "map-axis-is-reduced: upwards, all axes": {
      of: "passUp",
      graph: ["float[N,2,4] x", "", "y = ReduceMean (x)"],
      map: SCALES,
    },
    "map-axis-is-reduced: downwards, its own axis": {
      of: "passDown",
      graph: ["float[N,2,4] x", "", "y = ReduceMean <axes = [1]> (x)"],
      map: SCALES,
    },
    "map-axis-is-reduced: downwards, where the axis goes": {
      of: "passDown",
      graph: ["float[N,2,4] x", "", "y = ReduceMean <axes = [1], keepdims = 0> (x)"],
      map: SCALES,
    },
    "parameter-is-unknown: axes that are computed": {
      of: "passDown",
      graph: ["float[N,2,4] x, int64[K] axes", "", "y = ReduceMean (x, axes)"],
      map: SCALES,
      opset: 18,
    },
    "max-indices-are-used: the indices are read": {
      of: "passDown",
      graph: ["float[N,2,4] x", "", "y, i = MaxPool <kernel_shape = [2]> (x) z = Neg (i)"],
      outputs: "y, z",
      map: SCALES,
    },
    "pools-over-map-axis: along the image": {
      of: "passDown",
      graph: ["float[N,2,2] x", "", "y = AveragePool <kernel_shape = [2]> (x)"],
      map: along(2, [2, 3]),
    },
    "value-is-not-its-data: the shape of a Reshape": {
      of: "passDown",
      graph: ["float[N,2] x, int64[2] s", "", "y = Reshape (x, s)"],
      map: SCALES,
      at: 1,
    },
    "value-is-not-its-data: the scales of a Resize": {
      of: "passDown",
      graph: ["float[N,2,4,4] x, float[4] s", "", `y = Resize (x, "", s)`],
      map: along(undefined, [2]),
      at: 2,
    },
    "value-is-not-its-data: the bounds of a Slice": {
      of: "passDown",
      graph: ["float[N,2] x, int64[1] s", "int64[1] e = {1}", "y = Slice (x, s, e)"],
      map: along(undefined, [2]),
      at: 1,
    },
    "value-is-not-its-data: the shape of an Expand": {
      of: "passDown",
      graph: ["float[N,2] x, int64[2] s", "", "y = Expand (x, s)"],
      map: along(undefined, [2]),
      at: 1,
    },
    "value-is-not-its-data: the border of a Pad": {
      of: "passDown",
      graph: ["float[N,2] x, float v", "int64[4] p = {1, 0, 0, 0}", "y = Pad (x, p, v)"],
      map: along(undefined, [2]),
      at: 2,
    },
    "border-would-change: a border of ones": {
      of: "passDown",
      graph: ["float[N,2] x", "int64[4] p = {1, 0, 0, 0}, float v = {1}", "y = Pad (x, p, v)"],
      map: along(undefined, [2]),
    },
    "selection-is-unknown: a Slice that stands still": {
      of: "passDown",
      graph: [
        "float[N,2] x",
        "int64[1] s = {0}, int64[1] e = {1}, int64[1] a = {1}, int64[1] t = {0}",
        "y = Slice (x, s, e, a, t)",
      ],
      map: SCALES,
    },
    "channel-is-picked-twice: a map of other channels than are picked": {
      of: "passUp",
      graph: ["float[N,3] x", "int64[2] i = {0, 1}", "y = Gather <axis = 1> (x, i)"],
      map: along(1, [1, 2, 3]),
    },
    "axis-is-unknown: a Concat of unknown rank": {
      of: "passDown",
      graph: ["float[] x, float[] z", "", "y = Concat <axis = 1> (x, z)"],
      map: along(undefined, [2]),
    },
    "input-rank-is-unknown: a Transpose of unknown rank": {
      of: "passUp",
      graph: ["float[] x", "", "y = Transpose <perm = [1, 0]> (x)"],
      map: SCALES,
    },
    "map-axis-is-mixed: DepthToSpace, upwards": {
      of: "passUp",
      graph: ["float[N,4,2,2] x", "", "y = DepthToSpace <blocksize = 2> (x)"],
      map: along(2, [2, 3]),
    },
    "map-axis-is-mixed: DepthToSpace, downwards": {
      of: "passDown",
      graph: ["float[N,4,2,2] x", "", "y = DepthToSpace <blocksize = 2> (x)"],
      map: along(2, [2, 3]),
    },
    "map-axis-is-mixed: SpaceToDepth, downwards": {
      of: "passDown",
      graph: ["float[N,2,2,2] x", "", "y = SpaceToDepth <blocksize = 2> (x)"],
      map: along(2, [2, 3]),
    },
    "joined-channels-have-other-maps: channels that are no multiple of the block": {
      of: "passDown",
      graph: ["float[N,6,2,2] x", "", "y = DepthToSpace <blocksize = 2> (x)"],
      map: along(1, [1, 1, 1, 1, 1, 1]),
    },
    "cast-would-lose-precision: a wider type made narrow, upwards": {
      of: "passUp",
      graph: ["float[N,2] x", "", "y = Cast <to = 11> (x)"],
      map: SCALES,
    },
    "cast-would-lose-precision: a wider type made narrow, downwards": {
      of: "passDown",
      graph: ["double[N,2] x", "", "y = Cast <to = 1> (x)"],
      map: SCALES,
    },
  });
});
