import { expandChannels, isScaleOnly, isShiftOnly } from "../../affine/channel-affine.js";
import { fitsRange, scaleOverflows, scaleTensor } from "../../affine/scale-tensor.js";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.js";
import { isFloat } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../../ir/tensor.js";
import type { Absorption, PlacedMap } from "../../rules/affine/facet.js";
import { requireConstant } from "../../rules/constants.js";

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
  if (index !== 0) return refuse(`it is no input sequence of ${node.opType}`);
  if (node.hasReferences) return refuse("an attribute of it takes its value from the function's caller");
  const weight = requireConstant(node.input(1), "weight W");
  if (isRefusal(weight)) return weight;
  const { dtype, dims } = weight;
  const [directions, rows, columns] = dims;
  if (!isFloat(dtype)) return refuse(`its weight is ${dtype}`);
  if (directions === undefined || rows === undefined || columns === undefined || dims.length !== 3) {
    return refuse(`its weight has rank ${dims.length}`);
  }
  if (axis !== undefined && axis !== FEATURE_AXIS) {
    return refuse(`the map runs along axis ${axis}, the features along axis ${FEATURE_AXIS}`);
  }
  const map = expandChannels(given, columns);
  if (map === undefined) return refuse(`it has ${columns} features, the map ${given.scale.length} channels`);

  const constants = new Map<number, Tensor>();
  if (!isScaleOnly(map)) {
    const old = node.input(3);
    const bias = old === undefined ? undefined : requireConstant(old, "bias B");
    if (isRefusal(bias)) return bias;
    const values = bias?.toFloat64() ?? new Float64Array(directions * 2 * rows);
    if (values.length !== directions * 2 * rows) return refuse(`its bias has ${values.length} elements`);
    const numbers = weight.toFloat64();
    for (let row = 0; row < directions * rows; row++) {
      const at = Math.floor(row / rows) * 2 * rows + (row % rows);
      const moved = map.shift.reduce((sum, shift, k) => sum + shift * (numbers[row * columns + k] ?? NaN), 0);
      values[at] = (values[at] ?? NaN) + moved;
    }
    if (!fitsRange(dtype, values)) return refuse(`its ${dtype} bias would overflow`);
    constants.set(3, tensorFromNumbers(dtype, [directions, 2 * rows], values));
  }
  if (!isShiftOnly(map)) {
    if (scaleOverflows(weight, map.scale, 1)) return refuse(`its ${dtype} weight would overflow`);
    constants.set(1, scaleTensor(weight, map.scale, 1));
  }
  return { constants };
}
