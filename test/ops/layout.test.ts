import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { present } from "../../src/base/assert.js";
import { isRefusal } from "../../src/base/refusal.js";
import { LAYOUT } from "../../src/ops/layout.js";
import type { Anchor } from "../../src/rules/layout/facet.js";
import type { Permutation } from "../../src/rules/layout/permutation.js";
import { valueNamed } from "../support/facts.js";
import { modelOf } from "../support/rewrite.js";

/** What is asked of the node that gives "y". */
interface Question {
  /** The graph: inputs, constants, nodes. */
  readonly graph: readonly [inputs: string, constants: string, nodes: string];
  readonly outputs?: string;
  readonly perm: readonly number[];
  readonly side?: Anchor["side"];
  readonly index?: number;
  readonly opset?: number;
}

function answerTo({ graph, outputs = "y", perm, side = "input", index = 0, opset = 17 }: Question): unknown {
  const [inputs, constants, nodes] = graph;
  const model = modelOf(`g (${inputs}) => (${outputs}) <${constants}> { ${nodes} }`, opset);
  const node = present(valueNamed(model, "y").producer, "y is computed");
  const rule = present(LAYOUT.rule(node.opType), "its layout has a rule");
  const order: Permutation = perm;
  return rule(node, { side, index, perm: order }, createFacts(model));
}

/** Each question, under the id of the refusal that must answer it. */
function refusals(rows: Readonly<Record<string, Question>>): void {
  it.each(Object.entries(rows))("%s", (name, question) => {
    const answer = answerTo(question);
    if (!isRefusal(answer)) expect.unreachable(`not refused: ${JSON.stringify(answer)}`);
    expect(answer.id).toBe(name.split(":")[0]);
  });
}

const NHWC = [0, 2, 3, 1];
const IMAGE = "float[2,3,4,5] x";

describe("elementwise operators", () => {
  refusals({
    "operand-has-no-such-order: a single number": {
      graph: [`${IMAGE}, float b`, "", "y = Add (x, b)"],
      perm: [],
      index: 1,
    },
    "narrow-operand-is-computed: a vector of the caller": {
      graph: [`${IMAGE}, float[4,5] b`, "", "y = Add (x, b)"],
      perm: NHWC,
    },
    "narrow-slope-is-computed: a slope of the caller": {
      graph: [`${IMAGE}, float[4,5] b`, "", "y = PRelu (x, b)"],
      perm: NHWC,
    },
    "dropout-mask-is-drawn: a Dropout that drops": {
      graph: [IMAGE, "float r = {0.5}, bool t = {1}", "y = Dropout (x, r, t)"],
      perm: NHWC,
    },
  });
});

describe("products", () => {
  const matrices = "float[3,4] x, float[4,5] z";
  refusals({
    "operand-ranks-differ: a stack and a stack of stacks": {
      graph: ["float[2,3,4] x, float[6,2,4,5] z", "", "y = MatMul (x, z)"],
      perm: [1, 0, 2],
    },
    "product-reads-nothing-transposed: the result of a MatMul": {
      graph: [matrices, "", "y = MatMul (x, z)"],
      perm: [1, 0],
      side: "output",
    },
    "product-reads-nothing-transposed: integers": {
      graph: ["int32[3,4] x, int32[4,5] z", "", "y = MatMul (x, z)"],
      perm: [1, 0],
    },
    "product-reads-nothing-transposed: below opset 11": {
      graph: [matrices, "", "y = MatMul (x, z)"],
      perm: [1, 0],
      opset: 9,
    },
    "result-cannot-be-transposed: a Gemm": {
      graph: [matrices, "", "y = Gemm (x, z)"],
      perm: [1, 0],
      side: "output",
    },
    "result-cannot-be-transposed: the C of a Gemm": {
      graph: [`${matrices}, float[3,5] c`, "", "y = Gemm (x, z, c)"],
      perm: [1, 0],
      index: 2,
    },
  });
});

describe("operators that move elements", () => {
  refusals({
    "pads-do-not-fit-rank: pads of another rank": {
      graph: [IMAGE, "int64[4] p = {0,1,0,1}", "y = Pad (x, p)"],
      perm: NHWC,
    },
    "adds-axes-in-front: an Expand to a higher rank": {
      graph: ["float[3,4,5] x", "int64[4] s = {2,3,4,5}", "y = Expand (x, s)"],
      perm: [1, 0, 2],
    },
    "list-is-shorter-than-rank: repeats": {
      graph: [IMAGE, "int64[2] r = {1,2}", "y = Tile (x, r)"],
      perm: NHWC,
    },
    "indices-have-several-axes: a matrix of indices": {
      graph: [IMAGE, "int64[1,2] i = {0,1}", "y = Gather (x, i)"],
      perm: [0, 1, 2, 4, 3],
      side: "output",
    },
    "value-is-not-its-data: the indices of a Gather": {
      graph: [`${IMAGE}, int64[2] i`, "", "y = Gather (x, i)"],
      perm: [0],
      index: 1,
    },
    "last-axes-are-matrix: Trilu": { graph: [IMAGE, "", "y = Trilu (x)"], perm: NHWC },
    "value-is-not-its-data: the shape of a Reshape": {
      graph: [`${IMAGE}, int64[2] s`, "", "y = Reshape (x, s)"],
      perm: [0],
      index: 1,
    },
    "size-may-be-zero: a Reshape that allows zeros": {
      graph: [IMAGE, "int64[2] s = {6,20}", "y = Reshape <allowzero = 1> (x, s)"],
      perm: [1, 0, 2, 3],
    },
  });
});

describe("normalizations, reductions and others", () => {
  refusals({
    "normalizes-all-axes-from-one: a Softmax of opset 11": {
      graph: [IMAGE, "", "y = Softmax <axis = 2> (x)"],
      perm: NHWC,
      opset: 11,
    },
    "quantization-scale-is-per-block: blocks": {
      graph: [
        "int8[2,4] x",
        "float[2,2] s = {1,2,3,4}",
        "y = DequantizeLinear <axis = 1, block_size = 2> (x, s)",
      ],
      perm: [1, 0],
      opset: 21,
    },
    "output-is-one-element: a reduction of all axes": {
      graph: [IMAGE, "", "y = ReduceMean <keepdims = 0> (x)"],
      perm: [],
      side: "output",
    },
    "crops-by-region: a Resize that crops": {
      graph: [
        IMAGE,
        "float[8] roi = {0,0,0,0,1,1,1,1}, float[4] s = {1,1,2,2}",
        'y = Resize <coordinate_transformation_mode = "tf_crop_and_resize"> (x, roi, s)',
      ],
      perm: NHWC,
    },
    "resize-names-axes: a Resize of named axes": {
      graph: [IMAGE, "float[2] s = {2,2}", 'y = Resize <axes = [2, 3]> (x, "", s)'],
      perm: NHWC,
      opset: 18,
    },
    "resize-sizes-do-not-fit-rank: two scales": {
      graph: [IMAGE, "float[2] s = {2,2}", 'y = Resize (x, "", s)'],
      perm: NHWC,
    },
    "interpolation-needs-channels-first: a linear Resize": {
      graph: [IMAGE, "float[4] s = {1,1,2,2}", 'y = Resize <mode = "linear"> (x, "", s)'],
      perm: NHWC,
    },
    "scales-are-attribute: an Upsample of opset 7": {
      graph: [IMAGE, "", "y = Upsample <scales = [1.0, 1.0, 2.0, 2.0]> (x)"],
      perm: NHWC,
      opset: 7,
    },
  });
});
