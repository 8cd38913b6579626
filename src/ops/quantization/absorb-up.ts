import { expandChannels, isScaleOnly } from "../../affine/channel-affine.js";
import { fitsRange } from "../../affine/scale-tensor.js";
import { product } from "../../base/integers.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import { type DType, type FloatDType, isFloat } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../../ir/tensor.js";
import type { Absorption, PlacedMap } from "../../rules/affine/facet.js";
import { constantTensor, requireConstant } from "../../rules/constants.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { rankOf } from "../../rules/shapes.js";
import { refusals } from "./refusals.js";

/** Smaller numbers of the type have fewer digits. */
const SMALLEST: Readonly<Record<FloatDType, number>> = {
  float: 2 ** -126,
  double: 2 ** -1022,
  float16: 2 ** -14,
  bfloat16: 2 ** -126,
};

/**
 * s * (q - zeroPoint) * scale: the scale takes s, and the integers stay; where s is negative, the scale takes -s and each q becomes
 * 2 zeroPoint - q, if all of these are numbers of the type. The single scale of a constant may become one for each
 * channel. Activations keep a single scale, because runtimes have no kernels for more.
 */
export function absorbIntoDequantizeLinear(
  node: Node,
  placed: PlacedMap,
  facts: Facts,
): Absorption | Refusal {
  if (node.hasReferences) return shared.attributeIsSetByCaller();
  if (!isScaleOnly(placed.map)) return refusals.dequantizationTakesNoShift();
  if (!placed.map.scale.every((scale) => scale !== 0)) return refusals.quantizationScaleMustStayPositive();
  if (node.int("block_size", 0) !== 0) return refusals.quantizationScaleIsPerBlock();
  const scale = requireConstant(node.input(1), "scale");
  if (isRefusal(scale)) return scale;
  const { dtype } = scale;
  if (!isFloat(dtype)) return refusals.quantizationScaleIsNotFloat(dtype);
  const output = node.output(0);
  const rank = rankOf(output, facts);
  const given = node.int("axis", 1);
  const axis = given < 0 ? given + (rank ?? NaN) : given;
  const perChannel = scale.dims.length === 1 && scale.size > 1;
  if (perChannel && placed.axis !== undefined && placed.axis !== axis) {
    return shared.mapRunsAlongOtherAxis(placed.axis, "its scale", axis);
  }
  const widens = !perChannel && placed.axis !== undefined;
  if (widens && constantTensor(node.input(0)) === undefined) return refusals.quantizationScaleIsUniform();
  if (widens && (facts.opset(node) ?? 0) < 13) return refusals.quantizationScaleIsUniformByVersion();
  const count = widens ? placed.map.scale.length : scale.size;
  const map = expandChannels(placed.map, count);
  if (map === undefined) return shared.mapHasOtherChannels(scale.size, "scales", placed.map.scale.length);
  const old = scale.toFloat64();
  const values = map.scale.map((factor, c) => Math.abs(factor) * (old[widens ? 0 : c] ?? NaN));
  if (!fitsRange(dtype, values) || values.some((value) => value < SMALLEST[dtype]))
    return refusals.quantizationScaleWouldOverflow(dtype);
  const constants = new Map([[1, tensorFromNumbers(dtype, widens ? [count] : scale.dims, values)]]);
  if (map.scale.some((factor) => factor < 0)) {
    const negated = negatedRows(node, placed);
    if (isRefusal(negated)) return negated;
    constants.set(0, negated);
  }
  if (!widens || placed.axis === undefined) return { constants };
  const zero = node.input(2);
  if (zero !== undefined) {
    const points = requireConstant(zero, "zero point");
    if (isRefusal(points)) return points;
    constants.set(2, repeated(points, count));
  }
  return { constants, attributes: { axis: BigInt(placed.axis) } };
}

/** The integers of a constant with those of the channels of negative scales mirrored at the zero point. */
function negatedRows(node: Node, { axis, map: { scale } }: PlacedMap): Tensor | Refusal {
  const quantized = requireConstant(node.input(0), "weight");
  if (isRefusal(quantized)) return quantized;
  const { dtype, dims } = quantized;
  const range = RANGES[dtype];
  const zero = node.input(2);
  const points = zero === undefined ? undefined : requireConstant(zero, "zero point");
  if (points !== undefined && isRefusal(points)) return points;
  if (range === undefined) return refusals.quantizationScaleMustStayPositive();
  const channels = axis === undefined ? 1 : (dims[axis] ?? 1);
  const inner = axis === undefined ? Math.max(quantized.size, 1) : product(dims.slice(axis + 1));
  const zeros = points?.toFloat64() ?? new Float64Array(1);
  const [least, most] = range;
  let isExact = true;
  const values = quantized.toFloat64().map((q, i) => {
    const channel = Math.floor(i / inner) % channels;
    if ((scale[scale.length === 1 ? 0 : channel] ?? NaN) > 0) return q;
    const mirrored = 2 * (zeros[zeros.length === 1 ? 0 : channel] ?? NaN) - q;
    isExact &&= mirrored >= least && mirrored <= most;
    return mirrored;
  });
  return isExact ? tensorFromNumbers(dtype, dims, values) : refusals.quantizedWeightHasNoNegative(dtype);
}

/** The least and the greatest number of each type whose elements are mirrored. */
const RANGES: Readonly<Partial<Record<DType, readonly [least: number, most: number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
};

/** One zero point for all channels as one for each. */
function repeated(points: Tensor, count: number): Tensor {
  return tensorFromNumbers(points.dtype, [count], new Float64Array(count).fill(points.toFloat64()[0] ?? 0));
}
