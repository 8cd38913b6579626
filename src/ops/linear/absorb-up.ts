import { type ChannelAffine, expandChannels, isScaleOnly, isShiftOnly } from "../../affine/channel-affine.js";
import { fitsRange } from "../../affine/scale-tensor.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { FloatDType } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import { Tensor, tensorFromNumbers } from "../../ir/tensor.js";
import type { Absorption, PlacedMap } from "../../rules/affine/facet.js";
import {
  readBias,
  readWeight,
  type ScaledWeight,
  scaleWeight,
  type Weight,
} from "../../rules/affine/weight.js";
import { constantTensor } from "../../rules/constants.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { rankOf } from "../../rules/shapes.js";
import { addsRowAlike, asDense } from "./dense.js";
import { refusals } from "./refusals.js";

/**
 * Y = alpha * A' * B' + beta * C with a constant B: column n of B' takes scale[n], and C becomes
 * beta * C * scale + shift, broadcast where necessary; beta becomes 1. alpha, transA and transB stay.
 */
export function absorbIntoGemm(producer: Node, placed: PlacedMap, facts: Facts): Absorption | Refusal {
  if (producer.hasReferences) return shared.attributeIsSetByCaller();
  const weight = readWeight(producer.input(1), "weight B", facts);
  if (isRefusal(weight)) return weight;
  const [rows, columns] = weight.dims;
  if (rows === undefined || columns === undefined || weight.dims.length !== 2) {
    return shared.weightHasOtherRank(weight.dims.length);
  }
  if (placed.axis !== undefined && placed.axis !== 1) {
    return shared.mapRunsAlongOtherAxis(placed.axis, "the weight's columns", 1);
  }
  const transposed = producer.int("transB", 0) !== 0;
  const channels = transposed ? rows : columns;
  if (!addsRowAlike(producer, channels, facts)) return shared.broadcastsByOldRules();
  const map = expandChannels(placed.map, channels);
  if (map === undefined) return shared.mapHasOtherChannels(channels, "columns", placed.map.scale.length);
  const bias = gemmBias(producer, weight, map, channels, facts);
  if (isRefusal(bias)) return bias;

  const [inner, axis] = transposed ? [columns, 0] : [1, 1];
  const scaled = isShiftOnly(map) ? UNSCALED : scaleWeight(weight, 1, map.scale, { inner, axis });
  if (isRefusal(scaled)) return scaled;
  const constants = new Map(scaled.constants);
  if (bias !== undefined) constants.set(2, bias);
  return { ...scaled, constants, attributes: bias === undefined ? {} : { beta: undefined } };
}

/** beta * C * scale + shift; undefined without a C where none is needed. */
function gemmBias(
  producer: Node,
  weight: Weight,
  map: ChannelAffine,
  channels: number,
  facts: Facts,
): Tensor | Refusal | undefined {
  const { dtype } = weight;
  const given = producer.input(2);
  if (given === undefined) {
    return isScaleOnly(map) ? undefined : boundedTensor(dtype, [channels], map.shift);
  }
  const old = readBias(given, "bias C", weight, facts);
  if (isRefusal(old)) return old;
  const beta = producer.float("beta", 1);
  const width = old.dims.at(-1) ?? 1;
  const height = old.dims.length === 2 ? (old.dims[0] ?? 1) : 1;
  if (old.dims.length > 2 || (width !== 1 && width !== channels)) {
    return shared.biasHasOtherShape(old.dims, channels);
  }
  const c = old.toFloat64();
  const values = Float64Array.from({ length: height * channels }, (_, i) => {
    const [row, column] = [Math.floor(i / channels), i % channels];
    const before = beta * (c[row * width + (width === 1 ? 0 : column)] ?? NaN);
    return before * (map.scale[column] ?? NaN) + (map.shift[column] ?? NaN);
  });
  return boundedTensor(dtype, height === 1 ? [channels] : [height, channels], values);
}

/**
 * Y = A * B with one constant operand. A map along the last axis scales the columns of a constant B, and a map along the axis
 * before it scales the rows of a constant A. Where both operands are matrices the node becomes a Gemm, whose C takes the
 * shift; otherwise the shift remains for an Add.
 */
export function absorbIntoMatMul(producer: Node, placed: PlacedMap, facts: Facts): Absorption | Refusal {
  const [a, b] = [producer.input(0), producer.input(1)];
  if (a === undefined || b === undefined) return shared.operandIsNotGiven();
  const right = constantTensor(b) !== undefined || constantTensor(a) === undefined;
  const side = right && !isRefusal(readWeight(b, "weight B", facts)) ? 1 : 0;
  const weight = readWeight(side === 1 ? b : a, side === 1 ? "weight B" : "weight A or B", facts);
  if (isRefusal(weight)) return refusals.operandsAreNotConstant();
  if (weight.dims.length < 2) return shared.weightHasOtherRank(weight.dims.length);
  const output = producer.output(0);
  const rank = rankOf(output, facts);
  const other = facts.rank(side === 1 ? a : b);
  if (rank === undefined || other === undefined) return shared.outputRankIsUnknown();

  const weightAxis = weight.dims.length - (side === 1 ? 1 : 2);
  const outputAxis = side === 1 || other === 1 ? rank - 1 : rank - 2;
  if (placed.axis !== undefined && placed.axis !== outputAxis) {
    return shared.mapRunsAlongOtherAxis(placed.axis, "the constant's channels", outputAxis);
  }
  const channels = weight.dims[weightAxis] ?? 0;
  const map = expandChannels(placed.map, channels);
  if (map === undefined) return shared.mapHasOtherChannels(channels, "channels", placed.map.scale.length);
  const inner = side === 1 ? 1 : (weight.dims.at(-1) ?? 1);

  const scaled = isShiftOnly(map)
    ? UNSCALED
    : scaleWeight(weight, side, map.scale, { inner, axis: weightAxis });
  if (isRefusal(scaled)) return scaled;
  const constants = new Map(scaled.constants);
  if (isScaleOnly(map)) return scaled;
  if ((facts.opset(producer) ?? 0) < 7) return refusals.addBroadcastsByOldRules();
  const shift = boundedTensor(weight.dtype, [channels], map.shift);
  if (isRefusal(shift)) return shift;
  const isGemm = side === 1 && other === 2 && weight.dims.length === 2;
  // A shared weight that stays as it is would have to be stored as [N, K] too.
  const isShared = !constants.has(1) && weight.tensor !== undefined && b.uses.size > 1;
  if (isGemm && !isShared) {
    const stored = constants.get(1) ?? weight.tensor;
    return asDense(stored, constants.set(2, shift), scaled);
  }
  const trailing = rank - 1 - outputAxis;
  return {
    ...scaled,
    remainder: new Tensor(shift.dtype, trailing === 1 ? [channels, 1] : [channels], shift.data),
  };
}

const UNSCALED: ScaledWeight = { constants: new Map<number, Tensor>() };

function boundedTensor(dtype: FloatDType, dims: readonly number[], values: Float64Array): Tensor | Refusal {
  return fitsRange(dtype, values) ? tensorFromNumbers(dtype, dims, values) : shared.biasWouldOverflow(dtype);
}
