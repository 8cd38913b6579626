import { type ChannelAffine, expandChannels, isScaleOnly, isShiftOnly } from "../../affine/channel-affine.js";
import { scaleOverflows, scaleTensor, sumsTensor } from "../../affine/scale-tensor.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import { type FloatDType, isFloat } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import type { Tensor } from "../../ir/tensor.js";
import type { Absorption, PlacedMap } from "../../rules/affine/facet.js";
import { requireConstant } from "../../rules/constants.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { rankOf } from "../../rules/shapes.js";
import { addsRowAlike, asDense } from "./dense.js";
import { refusals } from "./refusals.js";

/** (s * x + t) * B = x * (diag(s) * B) + t * B: row k of B takes the scale of column k of x, and the bias takes t * B. */
interface Product {
  readonly weight: Tensor;
  readonly dtype: FloatDType;
  readonly map: ChannelAffine;
  /** The distance in memory between two rows k of B, and between two columns n. */
  readonly rowStep: number;
  readonly columnStep: number;
  readonly columns: number;
}

/** Gemm takes a map of A into B and C. */
export function absorbInputIntoGemm(
  node: Node,
  index: number,
  placed: PlacedMap,
  facts: Facts,
): Absorption | Refusal {
  if (index !== 0) return shared.valueIsNotItsData(index === 1 ? "weight" : "bias");
  if (node.hasReferences) return shared.attributeIsSetByCaller();
  const axis = node.int("transA", 0) === 0 ? 1 : 0;
  const product = readProduct(node, placed, axis, node.int("transB", 0) !== 0);
  if (isRefusal(product)) return product;
  if (!addsRowAlike(node, product.columns, facts)) return shared.broadcastsByOldRules();
  const constants = new Map<number, Tensor>();
  if (!isScaleOnly(product.map)) {
    const bias = gemmBias(node, product);
    if (isRefusal(bias)) return bias;
    constants.set(2, bias);
  }
  const scaled = scaledWeight(product);
  if (isRefusal(scaled)) return scaled;
  if (scaled !== undefined) constants.set(1, scaled);
  return { constants, attributes: constants.has(2) ? { beta: undefined } : {} };
}

/** beta * C + alpha * t * B for the Gemm's own alpha and beta; beta becomes 1. */
function gemmBias(node: Node, product: Product): Tensor | Refusal {
  const given = node.input(2);
  const old = given === undefined ? undefined : requireConstant(given, "bias C");
  if (isRefusal(old)) return old;
  const { columns, dtype, map } = product;
  const [alpha, beta] = [node.float("alpha", 1), node.float("beta", 1)];
  const width = old?.dims.at(-1) ?? 1;
  const height = old?.dims.length === 2 ? (old.dims[0] ?? 1) : 1;
  if (old !== undefined && (old.dims.length > 2 || (width !== 1 && width !== columns))) {
    return shared.biasHasOtherShape(old.dims, columns);
  }
  const sums = (): Float64Array => {
    const c = old?.toFloat64();
    const added = shiftThroughWeight(product);
    return Float64Array.from({ length: height * columns }, (_, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      const before = c === undefined ? 0 : beta * (c[row * width + (width === 1 ? 0 : column)] ?? NaN);
      return before + alpha * (added[column] ?? NaN);
    });
  };
  const bias = sumsTensor(dtype, height === 1 ? [columns] : [height, columns], map.shift, sums, old);
  return bias ?? shared.biasWouldOverflow(dtype);
}

/** A MatMul of two matrices becomes a Gemm, whose C takes the shift; with more axes only a scale goes in. */
export function absorbInputIntoMatMul(
  node: Node,
  index: number,
  placed: PlacedMap,
  facts: Facts,
): Absorption | Refusal {
  if (index !== 0) return absorbRight(node, placed, facts);
  const input = node.input(0);
  const rank = rankOf(input, facts);
  if (rank === undefined) return shared.inputRankIsUnknown();
  const product = readProduct(node, placed, rank - 1, false);
  if (isRefusal(product)) return product;
  const scaled = scaledWeight(product);
  if (isRefusal(scaled)) return scaled;
  const constants = new Map<number, Tensor>(scaled === undefined ? [] : [[1, scaled]]);
  if (isScaleOnly(product.map)) return { constants };
  const { dtype, columns, map } = product;
  const bias = sumsTensor(dtype, [columns], map.shift, () => shiftThroughWeight(product));
  if (bias === undefined) return shared.biasWouldOverflow(dtype);
  const isShared = !constants.has(1) && (node.input(1)?.uses.size ?? 0) > 1;
  if (rank === 2 && !isShared && (facts.opset(node) ?? 0) >= 7) {
    return asDense(constants.get(1) ?? product.weight, constants.set(2, bias));
  }
  return { constants, remainder: bias };
}

/** A * (s * x) with a constant A. s runs along the rows of x, so that the columns of A take it. */
function absorbRight(node: Node, placed: PlacedMap, facts: Facts): Absorption | Refusal {
  const input = node.input(1);
  const rank = rankOf(input, facts);
  const weight = requireConstant(node.input(0), "weight A");
  if (isRefusal(weight)) return weight;
  const { dtype } = weight;
  if (!isFloat(dtype)) return shared.weightIsNotFloat(dtype);
  if (rank === undefined || rank < 2) return shared.operandRanksAreUnknown();
  if (!isScaleOnly(placed.map)) return refusals.rightOperandTakesNoShift();
  if (placed.axis !== undefined && placed.axis !== rank - 2) {
    return shared.mapRunsAlongOtherAxis(placed.axis, "the weight's columns", rank - 2);
  }
  const map = expandChannels(placed.map, weight.dims.at(-1) ?? 1);
  if (map === undefined)
    return shared.mapHasOtherChannels(weight.dims.at(-1), "columns", placed.map.scale.length);
  return scaleOverflows(weight, map.scale, 1)
    ? shared.weightWouldOverflow(dtype)
    : { constants: new Map([[0, scaleTensor(weight, map.scale, 1)]]) };
}

function readProduct(node: Node, placed: PlacedMap, axis: number, transposed: boolean): Product | Refusal {
  const weight = requireConstant(node.input(1), "weight B");
  if (isRefusal(weight)) return weight;
  if (!isFloat(weight.dtype)) return shared.weightIsNotFloat(weight.dtype);
  const [first, second] = weight.dims;
  if (first === undefined || second === undefined || weight.dims.length !== 2) {
    return shared.weightHasOtherRank(weight.dims.length);
  }
  if (placed.axis !== undefined && placed.axis !== axis) {
    return shared.mapRunsAlongOtherAxis(placed.axis, "the weight's rows", axis);
  }
  const [rows, columns] = transposed ? [second, first] : [first, second];
  const map = expandChannels(placed.map, rows);
  if (map === undefined) return shared.mapHasOtherChannels(rows, "rows", placed.map.scale.length);
  const [rowStep, columnStep] = transposed ? [1, second] : [second, 1];
  return { weight, dtype: weight.dtype, map, rowStep, columnStep, columns };
}

function scaledWeight({ weight, dtype, map, rowStep }: Product): Tensor | Refusal | undefined {
  if (isShiftOnly(map)) return undefined;
  return scaleOverflows(weight, map.scale, rowStep)
    ? shared.weightWouldOverflow(dtype)
    : scaleTensor(weight, map.scale, rowStep);
}

function shiftThroughWeight({ weight, map, rowStep, columnStep, columns }: Product): Float64Array {
  const numbers = weight.toFloat64();
  const sums = new Float64Array(columns);
  // Row by row, which is the order in memory of most weights.
  map.shift.forEach((shift, k) => {
    for (let n = 0, at = k * rowStep; n < columns; n++, at += columnStep)
      sums[n] = (sums[n] ?? NaN) + shift * (numbers[at] ?? NaN);
  });
  return sums;
}
