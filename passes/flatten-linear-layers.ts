import { plural } from "../src/base/plural.js";
import { forType } from "../src/base/special-values.js";
import { applyRows } from "../src/rewrite/apply-rows.js";
import type { Pass, PassContext } from "../src/rewrite/pass.js";
import { bestRows } from "../src/rewrite/row-cut.js";
import { growRows } from "../src/rewrite/row-region.js";

/**
 * Let linear layers, and what is between them, work on the rows of one matrix.
 *
 *   before   m = MatMul (x, W)  a = Add (m, b)  q = Reshape (a, [2, 7, 4, 8])      # x: [2,7,32], read by three of these
 *   after    r = Reshape (x, [-1, 32])  m = MatMul (r, W)  a = Add (m, b)  q = Reshape (a, [2, 7, 4, 8])
 *
 * fuse-gemm then makes one Gemm of each MatMul and Add. Elementwise operators and normalizations of the last axis compute the
 * same on rows. A minimum cut finds the operators for which the fewest are executed: onnxruntime puts two Reshapes around each
 * linear layer of a known shape (src/target/linear-layers.ts).
 *
 * Requires   weights that are matrices of their own, biases that are rows; at most one size unknown where a value goes back to
 *            its shape
 * Refuses    where the file would have more nodes; the layers of an attention that onnxruntime fuses
 * Numerics   exact: each row is computed as before
 */
export const flattenLinearLayers: Pass = {
  kind: "procedure",
  name: "flatten-linear-layers",
  summary: "Linear layers and what is between them work on one matrix where fewer operators are executed",
  before: "m = MatMul(x, W)  a = Add(m, b)  q = Reshape(a, [2, 7, 4, 8])",
  after: "r = Reshape(x, [-1, 32])  m = MatMul(r, W)  a = Add(m, b)  q = Reshape(a, [2, 7, 4, 8])",
  numerics: "rounding",
  specials: { mayChange: ["overflow"], because: "a product of other sizes may sum in another order" },
  order: "any place",
  // Views and constants that other passes are about to take away would count.
  waits: true,
  run: ({ view, attempt }: PassContext) => {
    const { facts, model, settings } = view;
    for (const graph of model.graphs()) {
      const members = growRows(graph, settings.target, facts);
      if (members.size === 0) continue;
      for (const turn of bestRows(members, settings.target, facts)) {
        const [first] = turn.members;
        const node = first?.nodes[0];
        const output = first?.output;
        if (node === undefined || output === undefined) continue;
        attempt(node, {
          kind: "rewrite",
          summary: `${plural(turn.members.length, "operator")} from ${node.label} on work on rows: ${plural(turn.gain, "operator")} fewer to execute`,
          mayChange: forType(facts.dtype(output), ["overflow"]),
          apply: (rewriter) => applyRows(turn, rewriter, facts),
        });
      }
    }
  },
};
