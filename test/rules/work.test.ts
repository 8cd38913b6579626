import { describe, expect, it } from "vitest";
import { Estimator } from "../../src/analysis/estimate.js";
import { createFacts } from "../../src/analysis/fact-table.js";
import { declarationOf } from "../../src/ops/catalogue.js";
import { BOUND_RULES, type NodeSizes, WORK_RULES } from "../../src/rules/work.js";
import { parseGraph } from "../../src/text/parse.js";

/** What the declaration of the last node's operator says. */
function workOf(
  text: string,
  opset = 17,
): { multiplyAdds?: number; others?: number; scratch?: number; isBound?: true; bound?: number } {
  const model = parseGraph(text, { opset });
  const node = [...model.nodes()].at(-1);
  if (node === undefined) throw new Error("no node");
  const facts = createFacts(model);
  const estimator = new Estimator(facts);
  for (const each of model.nodes()) estimator.node(each);
  const sizes: NodeSizes = {
    node,
    input: (index) => {
      const value = node.input(index);
      return value && estimator.dims(value);
    },
    output: (index) => {
      const value = node.output(index);
      return value && estimator.dims(value);
    },
    elements: (index) => {
      const value = node.input(index);
      return value === undefined ? 0 : estimator.elements(value);
    },
  };
  const { work, bound } = declarationOf(node) ?? {};
  const most = bound && BOUND_RULES[bound](sizes);
  return { ...(work && WORK_RULES[work](sizes)), ...(most === undefined ? {} : { bound: most }) };
}

describe("the work of operators whose elements take more than a few operations", () => {
  const CASES: readonly (readonly [
    name: string,
    text: string,
    work: ReturnType<typeof workOf>,
    opset?: number,
  ])[] = [
    [
      "MatMul",
      "g (float[7,2,3] a, float[7,3,5] b) => (y) { y = MatMul (a, b) }",
      { multiplyAdds: 7 * 2 * 3 * 5 },
    ],
    ["MatMul of vectors", "g (float[3] a, float[3] b) => (y) { y = MatMul (a, b) }", { multiplyAdds: 3 }],
    ["Gemm", "g (float[2,3] a, float[3,5] b) => (y) { y = Gemm (a, b) }", { multiplyAdds: 30 }],
    [
      "Gemm transposed",
      "g (float[3,2] a, float[3,5] b) => (y) { y = Gemm <transA = 1> (a, b) }",
      { multiplyAdds: 30 },
    ],
    [
      "Einsum",
      'g (float[2,3] a, float[3,5] b) => (y) { y = Einsum <equation = "ij,jk->ik"> (a, b) }',
      { multiplyAdds: 30 },
    ],
    [
      "Einsum with an ellipsis",
      'g (float[7,2,3] a, float[7,3,5] b) => (y) { y = Einsum <equation = "...ij, ...jk -> ...ik"> (a, b) }',
      { multiplyAdds: 7 * 30 },
    ],
    [
      "Einsum of three",
      'g (float[2] a, float[3] b, float[5] c) => (y) { y = Einsum <equation = "i,j,k->ijk"> (a, b, c) }',
      { multiplyAdds: 6 + 30, scratch: 6 },
    ],
    [
      "Einsum of three with a sum on the way",
      'g (float[2,3] a, float[3,5] b, float[5] c) => (y) { y = Einsum <equation = "ij,jk,k"> (a, b, c) }',
      { multiplyAdds: 30 + 10, scratch: 10 },
    ],
    [
      "Einsum of one",
      'g (float[2,3,4] a) => (y) { y = Einsum <equation = "i...j->..."> (a) }',
      { others: 24 },
    ],
    [
      "Einsum with ellipses that broadcast",
      'g (float[5,7,2,3] a, float[7,1,3] b) => (y) { y = Einsum <equation = "...j,...j"> (a, b) }',
      { multiplyAdds: 5 * 7 * 2 * 3 },
    ],
    [
      "Conv",
      "g (float[2,4,9,9] x, float[6,2,3,3] w) => (y) { y = Conv <group = 2> (x, w) }",
      { multiplyAdds: 2 * 6 * 49 * 2 * 9, scratch: 2 * 49 * 2 * 9 * 2 },
    ],
    [
      "ConvTranspose",
      "g (float[2,4,9,9] x, float[4,3,3,3] w) => (y) { y = ConvTranspose <group = 2> (x, w) }",
      { multiplyAdds: 2 * 4 * 81 * 27, scratch: 2 * 81 * 27 * 2 },
    ],
    [
      "ConvInteger",
      "g (uint8[1,2,5] x, uint8[3,2,3] w) => (y) { y = ConvInteger (x, w) }",
      { multiplyAdds: 3 * 3 * 6, scratch: 18 },
    ],
    [
      "MaxPool",
      "g (float[1,2,8,8] x) => (y) { y = MaxPool <kernel_shape = [3, 2]> (x) }",
      { others: 2 * 6 * 7 * 6 },
    ],
    ["LRN", "g (float[1,5,2,2] x) => (y) { y = LRN <size = 3> (x) }", { multiplyAdds: 60 }],
    [
      "LSTM",
      "g (float[7,2,3] x, float[1,20,3] w, float[1,20,5] r) => (y) { y = LSTM <hidden_size = 5> (x, w, r) }",
      { multiplyAdds: 14 * (60 + 100), scratch: 14 * 20 },
    ],
    [
      "Attention",
      "g (float[2,3,7,4] q, float[2,3,11,4] k, float[2,3,11,4] v) => (y) { y = Attention (q, k, v) }",
      { multiplyAdds: 2 * 168 * 11, others: 5 * 462, scratch: 2 * 3 * 7 * 11 },
      23,
    ],
    [
      "Attention over past keys, with grouped heads and values of another size",
      "g (float[2,7,24] q, float[2,11,8] k, float[2,11,10] v, bool[7,15] m, float[2,2,4,4] pk, float[2,2,4,5] pv) => (y, nk, nv) { y, nk, nv = Attention <q_num_heads = 6, kv_num_heads = 2> (q, k, v, m, pk, pv) }",
      { multiplyAdds: 2 * 6 * 7 * 15 * (4 + 5), others: 5 * 1260, scratch: 1260 },
      23,
    ],
    [
      "NonMaxSuppression",
      "g (float[1,9,4] boxes, float[1,2,9] scores) => (y) { y = NonMaxSuppression (boxes, scores) }",
      { others: 18 * 9, isBound: true, bound: 54 },
    ],
    ["Det", "g (float[2,5,5] x) => (y) { y = Det (x) }", { multiplyAdds: 250, isBound: true }],
    [
      "DFT",
      "g (float[1,64,1] x) => (y) { y = DFT (x) }",
      { multiplyAdds: 128 * 64, scratch: 128, isBound: true },
    ],
    [
      "MaxRoiPool",
      "g (float[1,2,8,8] x, float[3,5] r) => (y) { y = MaxRoiPool <pooled_shape = [2, 2]> (x, r) }",
      { others: 3 * 2 * 4 * 64, isBound: true },
    ],
    ["NonZero", "g (float[4,5] x) => (y) { y = NonZero (x) }", { bound: 40 }],
    ["Compress", "g (float[4,5] x, bool[4] c) => (y) { y = Compress <axis = 0> (x, c) }", { bound: 24 }],
    ["Unique", "g (float[4,5] x) => (y) { y = Unique (x) }", { bound: 80 }],
    [
      "a sequence",
      "g (float[4,5] x) => (y) { s = SequenceConstruct (x, x) t = SequenceInsert (s, x) y = ConcatFromSequence <axis = 0> (t) }",
      { bound: 60 },
    ],
    ["Relu", "g (float[4,5] x) => (y) { y = Relu (x) }", {}],
  ];
  for (const [name, text, work, opset] of CASES) {
    it(name, () => {
      expect(workOf(text, opset)).toEqual(work);
    });
  }
});
