import { isScaleOnly, isShiftOnly } from "../src/affine/channel-affine.js";
import { fitsRange } from "../src/affine/scale-tensor.js";
import { isRefusal, type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import type { SpecialValue } from "../src/base/special-values.js";
import {
  type Cost,
  compareCosts,
  costOfArithmetic,
  costOfLandings,
  costOfNode,
  FREE,
  isGain,
  minus,
  plus,
} from "../src/fold/cost.js";
import { type Landing, readerOf } from "../src/fold/landing.js";
import { planParts, wideReader } from "../src/fold/parts.js";
import { planDown, planUp, remainders } from "../src/fold/plan.js";
import { refusals as foldRefusals } from "../src/fold/refusals.js";
import { changesByMoving, changesByMovingParts, nonFiniteTaker } from "../src/fold/special-values.js";
import { isFloat } from "../src/ir/dtype.js";
import { canReplace, type Node, type Value } from "../src/ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../src/ir/tensor.js";
import { affineFacets, LIFTED, liftAffine } from "../src/ops/affine.js";
import { applyLandings, describeLandings } from "../src/rewrite/apply-affine.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import type { LiftedAffine, PlacedMap } from "../src/rules/affine/facet.js";
import { scaleOf } from "../src/rules/affine/placement.js";
import type { Facts } from "../src/rules/facts.js";
import { isBlocked } from "../src/target/blocked.js";

const SENTENCES = {
  weightIsNotFinite: (taker: string): string =>
    `${taker} has NaN or infinite constants, which a shift would spread over its bias`,
  zeroScaleHasNoInverse: (channel: number): string =>
    `the scale of channel ${channel} is zero, so its shift cannot go in front of it`,
} as const;

/** Why a map that could go stays. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Fold a per-channel scale and shift into the linear operators that read it.
 *
 *   before   a = BatchNormalization(x, gamma, beta, mean, var)
 *            y = Conv(a, W, b?)
 *   after    y = Conv(x, W', b')
 *
 * The same maps as fold-affine-up, in the other direction: into the input side of Conv, ConvTranspose, Gemm and MatMul,
 * and into LSTM, GRU and RNN; through views (parameters repeated for a Flatten), Transpose, Concat, pooling, means,
 * Resize and, under a positive scale, Relu and MaxPool. Every reader must take it. Where the readers cannot take the
 * whole map, one half of it may go against the flow of data and the other with it; where only one half finds a place,
 * the other stays as one Add or Mul. In front of a padded Conv the shift stays, unless the image has a known size and a
 * constant behind the Conv, exact up to the border, moves fewer bytes. A shift that a product has no place for goes
 * into the Add behind it.
 *
 * Math       W'[o,i,...] = W[o,i,...] * s[i];  b'[o] = b[o] + sum over i and taps of W[o,i,...] * t[i]
 * Source     Ioffe & Szegedy 2015, section 3.1
 * Requires   constants; every reader absorbs it or passes it on to readers that do; a lower cost (src/fold/cost.ts): fewer
 *            operators, or as many that move fewer bytes
 * Refuses    a shift in front of padding where moving it costs more, or in front of ConvTranspose; a scale of one term of a
 *            sum; graph outputs
 * Numerics   rounding: sums and products in float64, rounded once
 */
export const foldAffineDown: Pass = {
  kind: "rules",
  name: "fold-affine-down",
  summary: "BatchNormalization, Mul, Add, Sub, Div fold into the Conv, ConvTranspose, Gemm, MatMul behind",
  before: "a = BatchNormalization(x, gamma, beta, mean, var)  y = Conv(a, W, b)",
  after: "y = Conv(x, W', b')",
  numerics: "rounding",
  specials: {
    mayChange: ["nan", "infinity", "negative-zero", "empty", "overflow"],
    because:
      "a zero scale, a scale of float16, a negative scale or a shift of zero changes some; other maps change none but by overflow",
  },
  order: {
    after: { "fold-affine-up": "a map that both can fold should go up, since less of it stays on the way" },
  },
  refusals,
  rules: [{ operators: LIFTED, match }],
};

function match(node: Node, view: View): Proposal | Refusal | undefined {
  const { facts, settings } = view;
  const lifted = liftAffine(node, facts);
  if (lifted === undefined || isRefusal(lifted)) return undefined;
  // A map that changes nothing lands nowhere; eliminate-neutral-affine removes it, or says why it stays.
  if (isScaleOnly(lifted.map) && isShiftOnly(lifted.map)) return undefined;
  const output = node.output(0);
  if (output === undefined || output.uses.size === 0) return undefined;
  const wide = wideReader(output, facts);
  if (wide !== undefined) return matchParts(lifted, wide, view);
  const whole = planWhole(lifted, output, facts);
  const plans = [
    ...(isRefusal(whole) ? [] : [whole]),
    ...planHalves(lifted, output, facts),
    ...(settings.target === "onnxruntime" && isBlocked(lifted.input, facts)
      ? []
      : planHalf(lifted, output, facts)),
  ];
  const best = plans
    .filter(({ change, kept }) => isGain(change) && (kept !== undefined || canReplace(output, lifted.input)))
    .reduce<Plan | undefined>(
      (first, next) => (first !== undefined && compareCosts(first.change, next.change) <= 0 ? first : next),
      undefined,
    );
  if (best !== undefined) {
    const infinite = isScaleOnly(lifted.map) ? undefined : nonFiniteTaker(best.landings);
    if (infinite !== undefined) return refusals.weightIsNotFinite(infinite.label);
    const { isWhole = false, landings } = best;
    const move = { isWhole, readsWeights: settings.preserveNonfinite };
    return propose(lifted, output, best, changesByMoving(lifted, landings, move, facts));
  }
  const explained = node.is("BatchNormalization") || lifted.axis !== undefined || meetsAbsorber(output);
  if (!explained) return undefined;
  const inverse = missingInverse(lifted, facts);
  if (inverse !== undefined) return inverse;
  return isRefusal(whole) ? whole : foldRefusals.remainingShiftCostsAsMuch(node.label);
}

/** All maps that are parts of one wide Concat move together. */
function matchParts(
  lifted: LiftedAffine,
  reader: Node,
  { facts, settings }: View,
): Proposal | Refusal | undefined {
  const plan = planParts(lifted, reader, facts);
  if (plan === undefined || isRefusal(plan)) return plan;
  const { parts, landings } = plan;
  const saved = parts.reduce<Cost>((sum, { node }) => plus(sum, costOfNode(node, facts)), FREE);
  if (!isGain(minus(costOfLandings(landings, facts), saved)))
    return foldRefusals.remainingShiftCostsAsMuch(lifted.node.label);
  const shifts = parts.some(({ map }) => !isScaleOnly(map));
  const infinite = shifts ? nonFiniteTaker(landings) : undefined;
  if (infinite !== undefined) return refusals.weightIsNotFinite(infinite.label);
  const move = { isWhole: true, readsWeights: settings.preserveNonfinite };
  return {
    kind: "rewrite",
    summary: `${describeLandings(landings)} absorbs ${parts.length} parts of ${reader.label}`,
    mayChange: changesByMovingParts(parts, landings, move, facts),
    apply: (rewriter) => {
      applyLandings(rewriter, landings);
      for (const { node, input, inputIndex } of parts) {
        const output = node.output(0);
        if (output !== undefined) rewriter.replaceUses(output, node.input(inputIndex) ?? input);
        rewriter.removeNode(node);
      }
    },
  };
}

function meetsAbsorber(output: Value): boolean {
  return [...output.users].some((user) => affineFacets(user).absorbDown !== undefined);
}

/** The places where a map goes, and the part of it that stays. */
interface Plan {
  readonly landings: readonly Landing[];
  /** undefined: no part of the node stays. */
  readonly kept?: { readonly opType: "Add" | "Mul"; readonly constant: Tensor };
  /** The whole map goes one way. */
  readonly isWhole?: true;
  readonly change: Cost;
}

function propose(
  { node, input, inputIndex }: LiftedAffine,
  output: Value,
  plan: Plan,
  mayChange: readonly SpecialValue[],
): Proposal {
  const { landings, kept } = plan;
  return {
    kind: "rewrite",
    summary: `${describeLandings(landings)} absorbs ${kept === undefined ? node.label : `${kept.opType === "Add" ? "the scale" : "the shift"} of ${node.label}`}`,
    mayChange,
    apply: (rewriter) => {
      applyLandings(rewriter, landings);
      const source = node.input(inputIndex) ?? input;
      const { graph, name, docString, metadata } = node;
      if (kept === undefined) rewriter.replaceUses(output, source);
      else if (graph !== undefined) {
        const base = node.input(2)?.name ?? output.name;
        const constant = rewriter.addConstant(graph, base, kept.constant, node);
        const outputs = [graph.freshName(`${output.name}_${kept.opType.toLowerCase()}`)];
        const init = { opType: kept.opType, inputs: [source, constant], outputs, name, docString, metadata };
        const result = rewriter.addNode(graph, init, node).output(0);
        if (result !== undefined) rewriter.supersede(output, result);
      }
      rewriter.removeNode(node);
    },
  };
}

function planWhole(lifted: LiftedAffine, output: Value, facts: Facts): Plan | Refusal {
  const landings = planDown(output, lifted, facts);
  if (isRefusal(landings)) return landings;
  const change = minus(costOfLandings(landings, facts), costOfNode(lifted.node, facts));
  return { landings, isWhole: true, change };
}

/** s * x + t as two maps: the first goes against the flow of data, the second with it. */
function halvesOf({ axis, map }: LiftedAffine): readonly (readonly [first: PlacedMap, second: PlacedMap])[] {
  if (isScaleOnly(map) || isShiftOnly(map)) return [];
  const scale = scaleOf({ axis, map });
  const shiftOnly = (shift: Float64Array): PlacedMap => ({
    axis,
    map: { scale: map.scale.map(() => 1), shift },
  });
  const before = map.shift.map((shift, c) => shift / (map.scale[c] ?? NaN));
  return before.every(Number.isFinite)
    ? [
        [scale, shiftOnly(map.shift)],
        [shiftOnly(before), scale],
      ]
    : [[scale, shiftOnly(map.shift)]];
}

/** The refusal for a shift that has a place in front of its scale, but a scale of zero has no inverse. */
function missingInverse(lifted: LiftedAffine, facts: Facts): Refusal | undefined {
  const { axis, map } = lifted;
  const channel = map.scale.findIndex((scale, c) => scale === 0 && map.shift[c] !== 0);
  if (channel < 0) return undefined;
  const shift = map.shift.map((value, c) => (map.scale[c] === 0 ? 0 : value / (map.scale[c] ?? NaN)));
  const above = planUp(readerOf(lifted), { axis, map: { scale: map.scale.map(() => 1), shift } }, facts);
  return isRefusal(above) ? undefined : refusals.zeroScaleHasNoInverse(channel);
}

/** Plans that send one half against the flow of data and the other with it: (s * x) + t, or s * (x + t / s). */
function planHalves(lifted: LiftedAffine, output: Value, facts: Facts): readonly Plan[] {
  const { node } = lifted;
  for (const [up, down] of halvesOf(lifted)) {
    const above = planUp(readerOf(lifted), up, facts);
    if (isRefusal(above) || remainders(above) > 0) continue;
    const below = planDown(output, down, facts);
    if (isRefusal(below) || remainders(below) > 0) continue;
    const landings = [...above, ...below];
    return [{ landings, change: minus(costOfLandings(landings, facts), costOfNode(node, facts)) }];
  }
  return [];
}

/** Plans that send one half of a BatchNormalization either way and keep the other as one Add or Mul. */
function planHalf(lifted: LiftedAffine, output: Value, facts: Facts): readonly Plan[] {
  const { node, input } = lifted;
  const named = node.output(0)?.isPinned ?? true;
  // Before opset 7 Mul and Add broadcast by other rules.
  if (!node.is("BatchNormalization") || named || (facts.opset(node) ?? 0) < 7) return [];
  return halvesOf(lifted).flatMap(([first, second]) =>
    [
      { landings: planUp(readerOf(lifted), first, facts), kept: keep(second, input, facts) },
      { landings: planDown(output, second, facts), kept: keep(first, input, facts) },
    ].flatMap(({ landings, kept }): Plan[] => {
      if (isRefusal(landings) || kept === undefined || remainders(landings) > 0) return [];
      const cost = plus(
        costOfLandings(landings, facts),
        costOfArithmetic(input, kept.constant.byteLength, facts),
      );
      return [{ landings, kept, change: minus(cost, costOfNode(node, facts)) }];
    }),
  );
}

/** A map that only adds or only multiplies, as one operator; undefined where its type cannot hold the constant. */
function keep({ axis, map }: PlacedMap, input: Value, facts: Facts): Plan["kept"] {
  const [dtype, rank] = [facts.dtype(input), facts.rank(input)];
  if (dtype === undefined || !isFloat(dtype) || rank === undefined || axis === undefined) return undefined;
  const values = isShiftOnly(map) ? map.shift : map.scale;
  if (!fitsRange(dtype, values)) return undefined;
  const dims = [values.length, ...new Array<number>(rank - 1 - axis).fill(1)];
  return { opType: isShiftOnly(map) ? "Add" : "Mul", constant: tensorFromNumbers(dtype, dims, values) };
}
