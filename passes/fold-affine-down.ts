import { isScaleOnly, isShiftOnly } from "../src/affine/channel-affine.js";
import { isRefusal, type Refusal, refuse } from "../src/base/refusal.js";
import { canReplace, type Node, type Value } from "../src/ir/graph.js";
import { liftAffine } from "../src/ops/affine.js";
import type { LiftedAffine, PlacedMap } from "../src/ops/affine-facet.js";
import { type Landing, planDown, planUp, remainders } from "../src/ops/affine-plan.js";
import type { Facts } from "../src/ops/facts.js";
import { scaleOf } from "../src/ops/placement.js";
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
 * Relu and MaxPool; and into LSTM, GRU and RNN. Every reader must take it. Where they cannot take the whole, the shift may go
 * against the flow and the scale with it, or the other way round.
 *
 * Math       W'[o,i,...] = W[o,i,...] * s[i];  b'[o] = b[o] + sum over i and taps of W[o,i,...] * t[i]
 * Source     Ioffe & Szegedy 2015, section 3.1
 * Requires   constants; every reader, and every reader of what it passes through, absorbs it; no more nodes than before,
 *            counting a shift behind a product that meets another Add there as one with it
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
  const { input, inputIndex } = lifted;
  const output = node.output(0);
  if (output === undefined || output.uses.size === 0) return undefined;
  const whole = planWhole(lifted, output, facts);
  const landings = isRefusal(whole) ? (planHalves(lifted, output, facts) ?? whole) : whole;
  if (isRefusal(landings)) return node.is("BatchNormalization") ? landings : undefined;
  if (!canReplace(output, input)) return undefined;
  return {
    kind: "rewrite",
    summary: `${describeLandings(landings)} absorbs ${node.label}`,
    apply: (rewriter) => {
      applyLandings(rewriter, landings);
      rewriter.replaceUses(output, node.input(inputIndex) ?? input);
      rewriter.removeNode(node);
    },
  };
}

function planWhole(lifted: LiftedAffine, output: Value, facts: Facts): readonly Landing[] | Refusal {
  const landings = planDown(output, lifted, facts);
  if (isRefusal(landings)) return landings;
  const left = landings.filter(({ absorption }) => absorption.remainder !== undefined);
  const [only] = left;
  if (only === undefined || (left.length === 1 && meetsShift(only.node, facts))) return landings;
  return refuse("the shift would need an Add of its own");
}

/** Whether the Add that a product over its last axis needs meets another, with which it becomes one. */
function meetsShift(node: Node, facts: Facts): boolean {
  const output = node.output(0);
  const rank = output && facts.rank(output);
  const [use] = output?.uses.size === 1 ? output.uses : [];
  if (rank === undefined || use?.kind !== "node" || !use.node.is("Add", "Sub", "BatchNormalization"))
    return false;
  const next = liftAffine(use.node, facts);
  return next !== undefined && !isRefusal(next) && (next.axis === undefined || next.axis === rank - 1);
}

/** s * x + t with one half against the flow and the other with it: (s * x) + t, or s * (x + t / s). */
function planHalves(lifted: LiftedAffine, output: Value, facts: Facts): readonly Landing[] | undefined {
  const { node, inputIndex: index, axis, map } = lifted;
  if (isScaleOnly(map) || isShiftOnly(map)) return undefined;
  const scale: PlacedMap = scaleOf(lifted);
  const ones = map.scale.map(() => 1);
  const halves: (readonly [up: PlacedMap, down: PlacedMap])[] = [
    [scale, { axis, map: { scale: ones, shift: map.shift } }],
  ];
  const before = map.shift.map((shift, c) => shift / (map.scale[c] ?? NaN));
  if (before.every(Number.isFinite)) halves.push([{ axis, map: { scale: ones, shift: before } }, scale]);
  for (const [up, down] of halves) {
    const above = planUp({ node, index }, up, facts);
    if (isRefusal(above) || remainders(above) > 0) continue;
    const below = planDown(output, down, facts);
    if (!isRefusal(below) && remainders(below) === 0) return [...above, ...below];
  }
  return undefined;
}
