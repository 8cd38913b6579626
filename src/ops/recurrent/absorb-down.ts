import { expandChannels, isScaleOnly, isShiftOnly } from "../../affine/channel-affine.js";
import { fitsRange, scaleOverflows, scaleTensor } from "../../affine/scale-tensor.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import { isFloat } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../../ir/tensor.js";
import type { Absorption, PlacedMap } from "../../rules/affine/facet.js";
import { requireConstant } from "../../rules/constants.js";
import { refusals } from "../../rules/refusals.js";

/** The features are the last of X's three axes, whatever the layout. */
const FEATURE_AXIS = 2;

/**
 * LSTM, GRU and RNN of s * x + t: W is [directions, gates * hidden, input], so its columns take the scale, and the input
 * half of B, [directions, 2 * gates * hidden], takes W * t.
 */
export function absorbInputIntoRecurrent(
  node: Node,
  index: number,
  { axis, map: given }: PlacedMap,
): Absorption | Refusal {
  if (index !== 0) return refusals.valueIsNotItsData(`input ${index}`);
  if (node.hasReferences) return refusals.attributeIsSetByCaller();
  const weight = requireConstant(node.input(1), "weight W");
  if (isRefusal(weight)) return weight;
  const { dtype, dims } = weight;
  const [directions, rows, columns] = dims;
  if (!isFloat(dtype)) return refusals.weightIsNotFloat(dtype);
  if (directions === undefined || rows === undefined || columns === undefined || dims.length !== 3) {
    return refusals.weightHasOtherRank(dims.length);
  }
  if (axis !== undefined && axis !== FEATURE_AXIS) {
    return refusals.mapRunsAlongOtherAxis(axis, "its features", FEATURE_AXIS);
  }
  const map = expandChannels(given, columns);
  if (map === undefined) return refusals.mapHasOtherChannels(columns, "features", given.scale.length);

  const constants = new Map<number, Tensor>();
  if (!isScaleOnly(map)) {
    const old = node.input(3);
    const bias = old === undefined ? undefined : requireConstant(old, "bias B");
    if (isRefusal(bias)) return bias;
    const values = bias?.toFloat64() ?? new Float64Array(directions * 2 * rows);
    if (values.length !== directions * 2 * rows)
      return refusals.biasHasOtherSize(values.length, directions * 2 * rows);
    const numbers = weight.toFloat64();
    for (let row = 0; row < directions * rows; row++) {
      const at = Math.floor(row / rows) * 2 * rows + (row % rows);
      const moved = map.shift.reduce((sum, shift, k) => sum + shift * (numbers[row * columns + k] ?? NaN), 0);
      values[at] = (values[at] ?? NaN) + moved;
    }
    if (!fitsRange(dtype, values)) return refusals.biasWouldOverflow(dtype);
    constants.set(3, tensorFromNumbers(dtype, [directions, 2 * rows], values));
  }
  if (!isShiftOnly(map)) {
    if (scaleOverflows(weight, map.scale, 1)) return refusals.weightWouldOverflow(dtype);
    constants.set(1, scaleTensor(weight, map.scale, 1));
  }
  return { constants };
}
