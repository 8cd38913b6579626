import { type ChannelAffine, expandChannels } from "../affine/channel-affine.js";
import { sumsTensor } from "../affine/scale-tensor.js";
import { isRefusal } from "../base/refusal.js";
import { isFloat } from "../ir/dtype.js";
import type { Node } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";
import { liftAffine } from "../ops/affine.js";
import type { LiftedAffine } from "../rules/affine/facet.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import type { Landing } from "./landing.js";

/**
 * A shift along the last axis, for which a product has no place, goes into the constant of the Add, Sub or BatchNormalization
 * that alone reads the product. Returns the landings of both, or the given one where nothing there takes the shift.
 */
export function landRemainder(landing: Landing, facts: Facts): readonly Landing[] {
  const { node, absorption } = landing;
  const { remainder, ...rest } = absorption;
  const next = remainder?.dims.length === 1 ? adderOf(node, facts) : undefined;
  if (remainder === undefined || next === undefined) return [landing];
  const constants = shifted(next, remainder);
  if (constants === undefined) return [landing];
  return [
    { ...landing, absorption: rest },
    { node: next.node, absorption: { constants } },
  ];
}

/** The one reader of a product that adds along its last axis, or the same number everywhere. */
function adderOf(product: Node, facts: Facts): LiftedAffine | undefined {
  const output = product.output(0);
  const rank = output && facts.rank(output);
  if (output === undefined || output.isPinned || output.isGraphOutput || rank === undefined) return undefined;
  const [use] = output.uses.size === 1 ? output.uses : [];
  if (use?.kind !== "node" || use.node.graph !== product.graph) return undefined;
  if (!use.node.is("Add", "Sub", "BatchNormalization")) return undefined;
  const next = liftAffine(use.node, facts);
  if (next === undefined || isRefusal(next) || next.input !== output) return undefined;
  return next.axis === undefined || next.axis === rank - 1 ? next : undefined;
}

/** The constants with which the node computes s * (x + r) + t of x. */
function shifted(
  { node, inputIndex, map }: LiftedAffine,
  remainder: Tensor,
): ReadonlyMap<number, Tensor> | undefined {
  const whole = expandChannels(map, remainder.size);
  if (whole === undefined) return undefined;
  const isMean = node.is("BatchNormalization");
  const isSubtracted = node.is("Sub") && inputIndex === 0;
  const index = isMean ? 3 : 1 - inputIndex;
  const old = constantTensor(node.input(index));
  if (old === undefined || !isFloat(old.dtype)) return undefined;
  const sums = (): Float64Array => {
    const shift = remainder.toFloat64();
    return isMean
      ? old.toFloat64().map((mean, c) => mean - (shift[c] ?? NaN))
      : operand(isSubtracted, whole, shift);
  };
  const constant = sumsTensor(old.dtype, [remainder.size], whole.scale, sums, old);
  return constant && new Map([[index, constant]]);
}

/** The constant operand of an Add or Sub; negated where it is subtracted. */
function operand(isSubtracted: boolean, { scale, shift }: ChannelAffine, more: Float64Array): Float64Array {
  const sums = shift.map((value, c) => value + (scale[c] ?? NaN) * (more[c] ?? NaN));
  return isSubtracted ? sums.map((value) => -value) : sums;
}
