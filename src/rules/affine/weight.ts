import { scaleOverflows, scaleTensor } from "../../affine/scale-tensor.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import { type FloatDType, isFloat } from "../../ir/dtype.js";
import type { Value } from "../../ir/graph.js";
import type { Tensor } from "../../ir/tensor.js";
import { requireConstant } from "../constants.js";
import type { Facts } from "../facts.js";
import { refusals } from "../refusals.js";
import type { PlacedMap } from "./facet.js";

/** A weight that can take a scale: a constant, or the output of a DequantizeLinear. */
export interface Weight {
  readonly dtype: FloatDType;
  readonly dims: readonly number[];
  /** Undefined for a dequantized weight, where the scale of the DequantizeLinear takes the scale. */
  readonly tensor: Tensor | undefined;
}

/** The weight that `value` is, or why it can take no scale. `role` names it in the refusal. */
export function readWeight(value: Value | undefined, role: string, facts: Facts): Weight | Refusal {
  const tensor = requireConstant(value, role);
  if (!isRefusal(tensor)) {
    const { dtype, dims } = tensor;
    return isFloat(dtype) ? { dtype, dims, tensor } : refusals.weightIsNotFloat(dtype);
  }
  if (value?.producer?.is("DequantizeLinear") !== true) return tensor;
  const [dtype, dims] = [facts.dtype(value), facts.staticShape(value)];
  return dtype !== undefined && isFloat(dtype) && dims !== undefined
    ? { dtype, dims, tensor: undefined }
    : tensor;
}

/** How an input is scaled: by another constant in its place, or by a map for its producer. */
export interface ScaledWeight {
  readonly constants: ReadonlyMap<number, Tensor>;
  readonly operands?: ReadonlyMap<number, PlacedMap>;
}

/**
 * Scales input `index`: element i by scale[floor(i / inner) % scale.length]. A dequantized weight takes only a scale along
 * one axis; `axis` is that axis, or undefined where the scale runs along none.
 */
export function scaleWeight(
  { dtype, tensor }: Weight,
  index: number,
  scale: Float64Array,
  { inner, axis }: { readonly inner: number; readonly axis: number | undefined },
): ScaledWeight | Refusal {
  if (tensor !== undefined) {
    return scaleOverflows(tensor, scale, inner)
      ? refusals.weightWouldOverflow(dtype)
      : { constants: new Map([[index, scaleTensor(tensor, scale, inner)]]) };
  }
  if (axis === undefined) return refusals.dequantizedWeightHasNoChannelAxis();
  const map = { scale, shift: scale.map(() => 0) };
  return { constants: new Map(), operands: new Map([[index, { axis, map }]]) };
}
