import { isRefusal, type Refusal, refuse } from "../src/base/refusal.js";
import { canReplace, type Node } from "../src/ir/graph.js";
import { liftAffine } from "../src/ops/affine.js";
import { planDown, remainders } from "../src/ops/affine-plan.js";
import { applyLandings, describeLandings } from "../src/rewrite/apply-affine.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";

/**
 * Fold a per-channel scale and shift into the linear operators that read it.
 *
 *   before   a = BatchNormalization(x, gamma, beta, mean, var)
 *            y = Conv(a, W, b?)
 *   after    y = Conv(x, W', b')
 *
 * The same maps as fold-affine-up, in the other direction: into the input side of Conv, ConvTranspose, Gemm and MatMul, through
 * views (parameters repeated for a Flatten), Transpose, Concat, pooling, means, Resize and, under a positive scale,
 * Relu and MaxPool. Every reader must take it.
 *
 * Math       W'[o,i,...] = W[o,i,...] * s[i];  b'[o] = b[o] + sum over i and taps of W[o,i,...] * t[i]
 * Source     Ioffe & Szegedy 2015, section 3.1
 * Requires   constants; every reader, and every reader of what it passes through, absorbs it; no more nodes than before
 * Refuses    a shift at padding (scales go in), at ConvTranspose, and at one term of a sum for its scale; graph outputs
 * Numerics   rounding: sums and products in float64, rounded once
 */
export const foldAffineDown: Pass = {
  kind: "rules",
  name: "fold-affine-down",
  summary: "BatchNormalization, Mul, Add, Sub, Div fold into the Conv, ConvTranspose, Gemm, MatMul behind",
  before: "a = BatchNormalization(x, gamma, beta, mean, var)  y = Conv(a, W, b)",
  after: "y = Conv(x, W', b')",
  numerics: "rounding",
  rules: [{ match }],
};

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const lifted = liftAffine(node, facts);
  if (lifted === undefined || isRefusal(lifted)) return undefined;
  const { input } = lifted;
  const output = node.output(0);
  if (output === undefined || output.uses.size === 0) return undefined;
  const landings = planDown(output, lifted, facts);
  if (isRefusal(landings)) return node.is("BatchNormalization") ? landings : undefined;
  if (remainders(landings) > 0)
    return node.is("BatchNormalization") ? refuse("the shift would need an Add of its own") : undefined;
  if (!canReplace(output, input)) return undefined;
  return {
    kind: "rewrite",
    summary: `${describeLandings(landings)} absorbs ${node.label}`,
    apply: (rewriter) => {
      applyLandings(rewriter, landings);
      rewriter.replaceUses(output, input);
      rewriter.removeNode(node);
    },
  };
}
