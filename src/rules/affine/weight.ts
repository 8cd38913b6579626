import { scaleOverflows, scaleTensor } from "../../affine/scale-tensor.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import { type FloatDType, isFloat } from "../../ir/dtype.js";
import type { Value } from "../../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../../ir/tensor.js";
import { constantTensor, requireConstant } from "../constants.js";
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

/**
 * The bias that `value` is, or why it can take no map: a constant, or a constant that one DequantizeLinear makes, whose floats then
 * take its place. Beside a dequantized weight it belongs to a unit that the runtime fuses, and stays.
 */
export function readBias(value: Value, role: string, weight: Weight, facts: Facts): Tensor | Refusal {
  const tensor = requireConstant(value, role);
  if (!isRefusal(tensor) || weight.tensor === undefined) return tensor;
  return dequantized(value, facts) ?? tensor;
}

/** The elements of a DequantizeLinear of constants, with one scale for all or one for each element of a vector. */
function dequantized(value: Value, facts: Facts): Tensor | undefined {
  const node = value.producer;
  if (!node?.is("DequantizeLinear") || facts.isCall(node) || node.hasReferences) return undefined;
  const [quantized, scale] = [constantTensor(node.input(0)), constantTensor(node.input(1))];
  const point = node.input(2) === undefined ? undefined : constantTensor(node.input(2));
  const dtype = facts.dtype(value);
  if (quantized === undefined || scale === undefined || dtype === undefined || !isFloat(dtype))
    return undefined;
  if (node.int("block_size", 0) !== 0 || (point === undefined) !== (node.input(2) === undefined))
    return undefined;
  const isVector = quantized.dims.length === 1 && scale.size === quantized.size;
  if (scale.size !== 1 && !isVector) return undefined;
  const [scales, points] = [scale.toFloat64(), point?.toFloat64() ?? new Float64Array(1)];
  const at = (list: Float64Array, index: number): number => list[list.length === 1 ? 0 : index] ?? Number.NaN;
  const values = quantized.toFloat64().map((q, i) => (q - at(points, i)) * at(scales, i));
  return tensorFromNumbers(dtype, quantized.dims, values);
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
