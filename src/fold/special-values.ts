import { forType, type SpecialValue, unionOf } from "../base/special-values.js";
import { isFloat } from "../ir/dtype.js";
import type { Node } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";
import { hasTrait } from "../ops/catalogue.js";
import type { LiftedAffine } from "../rules/affine/facet.js";
import { constantTensor } from "../rules/constants.js";
import { sameDim } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import type { Landing } from "./landing.js";

/** How a map moves. */
export interface Move {
  /** The whole map goes one way; else its halves do, or one of them stays. */
  readonly isWhole: boolean;
  /** Look at every weight for elements that the scale makes zero; a weight is read for it. */
  readonly readsWeights: boolean;
}

/**
 * The special values that may change where a map y = s * x + t moves into constants.
 *
 * With s > 0 and t different from 0, none does but by overflow: s * inf and NaN stay what they are in each term of a sum, -0
 * can neither go into nor come out of an addition of t, and the zero weights stay the only zeros. The exceptions:
 *
 *   s = 0          0 * inf is NaN, which Max and MaxPool see before the product only
 *   s < 0, t = 0   0 * s is -0, a sum of products is 0; a t of 0 that is added makes 0 of -0
 *   Neg on the way, t != 0   -(x - t) is -0 where t - x is 0
 *   MaxPool on the way, s > 1   onnxruntime gives the least finite number for a window of -inf
 *   a recurrent layer gets its first bias   onnxruntime's kernels treat NaN otherwise with a bias
 *   a mean on the way, t != 0   onnxruntime's mean of no elements is 0
 */
export function changesByMoving(
  { node, input, map }: LiftedAffine,
  landings: readonly Landing[],
  { isWhole, readsWeights }: Move,
  facts: Facts,
): readonly SpecialValue[] {
  const kinds: SpecialValue[] = ["overflow"];
  const { scale, shift } = map;
  const passed = landings.flatMap(({ through = [] }) => through);
  const shifts = shift.some((value) => value !== 0);
  if (scale.includes(0)) kinds.push("nan", "infinity");
  if (!keepsZeros(node, map, isWhole) || (shifts && passed.some((each) => each.is("Neg"))))
    kinds.push("negative-zero");
  if (scale.some((value) => value > 1) && passed.some((each) => each.is("MaxPool", "GlobalMaxPool")))
    kinds.push("infinity");
  if (shifts && passed.some((each) => mayReduceNothing(each, facts))) kinds.push("empty");
  if (landings.some(givesFirstBias)) kinds.push("nan", "infinity");
  if (readsWeights && landings.some(losesWeights)) kinds.push("nan", "infinity");
  return forType(facts.dtype(input), unionOf([kinds]));
}

/** The same where several maps move together. */
export function changesByMovingParts(
  parts: readonly LiftedAffine[],
  landings: readonly Landing[],
  move: Move,
  facts: Facts,
): readonly SpecialValue[] {
  // What may change hangs on the operator and on the values of the map, not on which part has which.
  const kindOf = ({ node, everyInput }: LiftedAffine): string => `${node.opType} ${everyInput ?? false}`;
  const kinds = new Map(parts.map((part) => [kindOf(part), part] as const));
  return unionOf(
    [...kinds].map(([kind, first]) => {
      const maps = parts.filter((part) => kindOf(part) === kind).map(({ map }) => map);
      const scale = Float64Array.from(maps.flatMap((map) => [...map.scale]));
      const shift = Float64Array.from(maps.flatMap((map) => [...map.shift]));
      return changesByMoving({ ...first, map: { scale, shift } }, landings, move, facts);
    }),
  );
}

/** Whether a recurrent layer that had no bias gets one. */
function givesFirstBias({ node, absorption }: Landing): boolean {
  return (
    hasTrait(node, "recurrent") && absorption.constants.has(RECURRENT_BIAS) && !node.input(RECURRENT_BIAS)
  );
}

/** The input of LSTM, GRU and RNN that is their bias. */
const RECURRENT_BIAS = 3;

/** Whether every zero has the same sign before and after the map moves. */
function keepsZeros(node: Node, { scale, shift }: LiftedAffine["map"], isWhole: boolean): boolean {
  const addsNothing = node.is("Mul", "Div", "Neg") || node.input(0) === node.input(1);
  return scale.every(
    (factor, c) => (factor > 0 && addsNothing) || (shift[c] !== 0 && (factor > 0 || isWhole)),
  );
}

/** Whether a reduction may get a size of zero to reduce. */
function mayReduceNothing(node: Node, facts: Facts): boolean {
  if (!hasTrait(node, "reduces")) return false;
  const [from, to] = [node.input(0), node.output(0)].map((value) => value && facts.shape(value));
  if (from === undefined || to === undefined) return true;
  return from.some(
    (size) => !(typeof size === "number" && size > 0) && !to.some((other) => sameDim(size, other)),
  );
}

/** Whether a constant gets a zero where it has none, so that an infinite input makes NaN of it. */
function losesWeights({ node, absorption }: Landing): boolean {
  return [...absorption.constants].some(([index, after]) => {
    const before = constantTensor(node.input(index));
    if (before === undefined || before.size !== after.size || after.data.kind === "missing") return false;
    const old = before.toFloat64();
    return after.toFloat64().some((value, i) => value === 0 && old[i] !== 0);
  });
}

/** The finding for each tensor, because several plans and rounds ask for the same. */
const FINITE = new WeakMap<Tensor, boolean>();

/** Whether a constant has no NaN and no infinity; true for one whose file is missing. Reads it once. */
export function isAllFinite(tensor: Tensor): boolean {
  if (!isFloat(tensor.dtype) || tensor.data.kind === "missing") return true;
  let finite = FINITE.get(tensor);
  if (finite === undefined) {
    finite = tensor.toFloat64().every(Number.isFinite);
    FINITE.set(tensor, finite);
  }
  return finite;
}

/**
 * The operator that takes in a shift, among the landings, and that has a constant with NaN or an infinity: times the shift
 * this would go into the bias, where infinity - infinity is NaN for every input.
 */
export function nonFiniteTaker(landings: readonly Landing[]): Node | undefined {
  return landings.find(
    ({ node }) =>
      (hasTrait(node, "linear") || hasTrait(node, "recurrent")) &&
      node.inputs.some((value) => {
        const tensor = constantTensor(value ?? undefined);
        return tensor !== undefined && !isAllFinite(tensor);
      }),
  )?.node;
}
