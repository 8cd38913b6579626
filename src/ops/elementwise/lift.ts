import { type ChannelAffine, channelAffine, firstNonFinite } from "../../affine/channel-affine.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import { isFloat } from "../../ir/dtype.js";
import type { Node, Value } from "../../ir/graph.js";
import type { Tensor } from "../../ir/tensor.js";
import type { LiftAffine, LiftedAffine } from "../../rules/affine/facet.js";
import { constantTensor } from "../../rules/constants.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { refusals } from "./refusals.js";

/** [scale, shift] of x, given the constant operand k. */
type Coefficients = (k: number) => readonly [scale: number, shift: number];

/** The affine map of the operand x that an operator computes when its other operand is a constant k. */
interface ArithmeticForm {
  /** x op k */
  readonly xFirst: Coefficients;
  /** k op x; undefined where it is not affine in x. */
  readonly kFirst?: Coefficients;
}

/** A larger constant is data, not one number per channel. */
const MAX_CHANNELS = 1 << 20;

const liftShift: LiftAffine = liftWith({ xFirst: (k) => [1, k], kFirst: (k) => [1, k] });

/** Adding a constant is a shift; a value added to itself is a scale of 2. */
export const liftAdd: LiftAffine = (node, facts) => {
  const [first, second] = [node.input(0), node.input(1)];
  return first !== undefined && first === second ? liftScale(node, first, 2, facts) : liftShift(node, facts);
};
/** -x is a scale of -1. */
export const liftNeg: LiftAffine = (node, facts) => {
  const input = node.input(0);
  return input === undefined ? undefined : liftScale(node, input, -1, facts);
};
export const liftSub: LiftAffine = liftWith({ xFirst: (k) => [1, -k], kFirst: (k) => [-1, k] });
export const liftMul: LiftAffine = liftWith({ xFirst: (k) => [k, 0], kFirst: (k) => [k, 0] });
export const liftDiv: LiftAffine = liftWith({ xFirst: (k) => [1 / k, 0] });

/** A node without a constant that scales all elements of its floating-point input. */
function liftScale(node: Node, input: Value, factor: number, facts: Facts): LiftedAffine | undefined {
  const dtype = facts.dtype(input);
  if (dtype === undefined || !isFloat(dtype) || constantTensor(input) !== undefined) return undefined;
  const map = channelAffine([factor], [0]);
  const lifted = { node, input, inputIndex: 0, axis: undefined, map };
  return node.inputs.length > 1 ? { ...lifted, everyInput: true } : lifted;
}

/** Lifts an operator by a constant that is a scalar or runs along one axis of x, on either side. */
function liftWith(form: ArithmeticForm): LiftAffine {
  return (node, facts) => liftArithmetic(node, form, facts);
}

function liftArithmetic(node: Node, form: ArithmeticForm, facts: Facts): LiftedAffine | Refusal | undefined {
  const [first, second] = [node.input(0), node.input(1)];
  if (first === undefined || second === undefined) return undefined;
  // Before opset 7 broadcasting followed other rules (attributes `broadcast` and `axis`), and no runtime runs it today.
  if ((facts.opset(node) ?? 0) < 7) return undefined;
  const [k1, k2] = [constantTensor(first), constantTensor(second)];
  if (k1 === undefined && k2 !== undefined) return liftOperand(node, first, 0, k2, form.xFirst, facts);
  if (k2 === undefined && k1 !== undefined && form.kFirst !== undefined) {
    return liftOperand(node, second, 1, k1, form.kFirst, facts);
  }
  return undefined;
}

function liftOperand(
  node: Node,
  input: Value,
  inputIndex: number,
  constant: Tensor,
  coefficients: Coefficients,
  facts: Facts,
): LiftedAffine | Refusal | undefined {
  if (!isFloat(constant.dtype) || constant.size === 0 || constant.size > MAX_CHANNELS) return undefined;
  const run = channelRun(constant, input, facts);
  if (run === undefined || isRefusal(run)) return run;
  const map = mapOf(constant, coefficients);
  if (firstNonFinite(map) !== undefined) return refusals.mapIsNotFinite();
  return { node, input, inputIndex, axis: run.axis, map };
}

/** The maps of small constants, because one constant may be in thousands of nodes, and several passes ask for each. */
const MAPS = new WeakMap<Tensor, Map<Coefficients, ChannelAffine>>();
const MAX_HELD = 4096;

function mapOf(constant: Tensor, coefficients: Coefficients): ChannelAffine {
  const known = MAPS.get(constant)?.get(coefficients);
  if (known !== undefined) return known;
  const pairs = Array.from(constant.toFloat64(), coefficients);
  const map = channelAffine(
    pairs.map(([scale]) => scale),
    pairs.map(([, shift]) => shift),
  );
  if (constant.size > MAX_HELD) return map;
  const maps = MAPS.get(constant) ?? new Map<Coefficients, ChannelAffine>();
  MAPS.set(constant, maps.set(coefficients, map));
  return map;
}

/**
 * The one axis of x that the constant varies along, by ONNX's broadcasting from the right. It must be proven that x itself is
 * not broadcast: a [C,1,1] constant enlarges a [N,1,H,W] input, which is no map of its channels.
 */
function channelRun(
  constant: Tensor,
  input: Value,
  facts: Facts,
): { readonly axis: number | undefined } | Refusal | undefined {
  const rank = facts.rank(input);
  if (constant.size === 1 && (constant.dims.length === 0 || constant.dims.length <= (rank ?? 0))) {
    return { axis: undefined };
  }
  if (rank === undefined) return shared.valueRankIsUnknown(input.name);
  const offset = rank - constant.dims.length;
  if (offset < 0) return refusals.constantHasHigherRank(input.name);
  const wide = constant.dims.flatMap((dim, i) => (dim === 1 ? [] : [i]));
  const [only] = wide;
  if (only === undefined || wide.length > 1) {
    return refusals.constantVariesAlongSeveralAxes(constant.dims);
  }
  const axis = offset + only;
  const size = facts.shape(input)?.[axis];
  if (size !== constant.dims[only]) {
    return refusals.axisLacksElements(axis, input.name, constant.dims[only]);
  }
  return { axis };
}
