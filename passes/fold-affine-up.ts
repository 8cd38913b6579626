import { isRefusal, type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import { costOfLandings, costOfNode, growthOf, isGain, minus } from "../src/fold/cost.js";
import { type Landing, readerOf } from "../src/fold/landing.js";
import { planUp } from "../src/fold/plan.js";
import { refusals as foldRefusals } from "../src/fold/refusals.js";
import { changesByMoving } from "../src/fold/special-values.js";
import type { Node } from "../src/ir/graph.js";
import { affineFacets, LIFTED, liftAffine } from "../src/ops/affine.js";
import { applyLandings, describeLandings } from "../src/rewrite/apply-affine.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { replacementBlocked } from "../src/rewrite/rewriter.js";
import { scalesFusedAttention } from "../src/target/attention.js";

const SENTENCES = {
  copyCostsMore: (copied: string, node: string): string =>
    `others read ${copied}, and a copy of it would cost more than ${node}`,
  runtimeFusesAttention: (): string =>
    "onnxruntime fuses the attention around it into one operator, of which it is a part; --target any folds it",
} as const;

/** Why a map that could go stays. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Fold a per-channel scale and shift into the linear operators that feed it.
 *
 *   before   c = Conv(x, W, b?)
 *            y = BatchNormalization(c, gamma, beta, mean, var)
 *   after    y = Conv(x, W', b')
 *
 * The scale and shift may be a BatchNormalization in inference form, a Mul, Add, Sub or Div by a per-channel constant, a Neg, or
 * the sum of a value with itself. Conv,
 * ConvTranspose, Gemm, MatMul, the scale and bias of a normalization, or a constant absorb it. On the way it passes operators
 * that commute with it: views and Transpose, Concat (a part for each branch), residual Add and Sub (the shift in one branch),
 * pooling, means, Resize, Relu and MaxPool under a positive scale, and others (src/ops/affine.ts has them all). A scale also
 * passes the product of two computed values: the scale of attention's scores goes into the operators that compute the
 * queries. A MatMul of matrices becomes a Gemm where the shift needs a place; with more axes the shift stays as one Add. Where
 * others read a Gather or DequantizeLinear of a constant too, a copy of it takes the map.
 *
 * Math       s = gamma / sqrt(var + eps), t = beta - mean * s;  W'[o,...] = W[o,...] * s[o];  b' = b * s + t
 * Source     Ioffe & Szegedy 2015, section 3.1, equation for inference; ONNX BatchNormalization-1 to -15
 * Requires   constant parameters and weights; no other readers on the way; a lower cost (src/fold/cost.ts): fewer operators,
 *            or as many that move fewer bytes
 * Refuses    training form; statistics outputs; a map along another axis; unproven ranks and sizes; scales that are not
 *            positive at Relu and MaxPool; shifts at padding; weights that would overflow
 * Numerics   rounding: products in float64, rounded once to the weight's type
 */
export const foldAffineUp: Pass = {
  kind: "rules",
  name: "fold-affine-up",
  summary: "BatchNormalization, Mul, Add, Sub, Div fold into the Conv, ConvTranspose, Gemm, MatMul before",
  before: "c = Conv(x, W, b)  y = BatchNormalization(c, gamma, beta, mean, var)",
  after: "y = Conv(x, W', b')",
  numerics: "rounding",
  specials: {
    mayChange: ["nan", "infinity", "negative-zero", "empty", "overflow"],
    because:
      "a zero scale, a scale of float16, a negative scale or a shift of zero changes some; other maps change none but by overflow",
  },
  order: "any place",
  refusals,
  rules: [{ operators: LIFTED, match }],
};

function match(node: Node, { facts, settings }: View): Proposal | Refusal | undefined {
  const lifted = liftAffine(node, facts);
  if (lifted === undefined) return undefined;
  const awaited = node.is("BatchNormalization") || followsAbsorber(node);
  if (isRefusal(lifted)) return awaited ? lifted : undefined;
  if (settings.target === "onnxruntime" && scalesFusedAttention(node, facts))
    return refusals.runtimeFusesAttention();
  const { axis, input, inputIndex } = lifted;
  const explained = awaited || axis !== undefined;
  const output = node.output(0);
  if (output === undefined || output.uses.size === 0) return undefined;
  const landings = planUp(readerOf(lifted), lifted, facts);
  if (isRefusal(landings)) return explained ? landings : undefined;
  // A map that changes nothing lands nowhere; eliminate-neutral-affine removes it.
  if (landings.length === 0) return undefined;
  const blocked = replacementBlocked(output, input);
  if (blocked !== undefined) return blocked;
  // Moving an Add is no gain, and the next round would move it back.
  const change = minus(costOfLandings(landings, facts), costOfNode(node, facts));
  // A copy in the place of an operator saves none; it must not make the file grow either.
  const growsOnly = change.operators === 0 && growthOf(landings, node) > 0;
  if (!isGain(change) || growsOnly) {
    return explained ? dearer(landings, node) : undefined;
  }
  return {
    kind: "rewrite",
    summary: `${describeLandings(landings)} absorbs ${node.label}`,
    mayChange: changesByMoving(
      lifted,
      landings,
      { isWhole: true, readsWeights: settings.preserveNonfinite },
      facts,
    ),
    apply: (rewriter) => {
      applyLandings(rewriter, landings);
      const result = node.input(inputIndex);
      if (result !== undefined) rewriter.supersede(output, result);
      rewriter.removeNode(node);
    },
  };
}

/** Why a plan that is possible is not carried out. */
function dearer(landings: readonly Landing[], node: Node): Refusal {
  const [copied] = landings.filter(({ copyFor }) => copyFor !== undefined);
  return copied === undefined
    ? foldRefusals.remainingShiftCostsAsMuch(node.label)
    : refusals.copyCostsMore(copied.node.label, node.label);
}

function followsAbsorber(node: Node): boolean {
  return node.inputs.some(
    (value) => value?.producer !== undefined && affineFacets(value.producer).absorbUp !== undefined,
  );
}
