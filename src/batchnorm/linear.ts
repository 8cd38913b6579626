import type { Refusal } from "../base/refusal.js";
import { isFloat } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import { refusals } from "./refusals.js";
import type { LinearLayer } from "./site.js";

const WEIGHT_DEPTH = 6;

/** True for the operator of a linear layer: Conv, ConvTranspose, Gemm or MatMul. */
export function isLinear(node: Node, facts: Facts): boolean {
  return hasTrait(node, "linear") && !facts.isCall(node);
}

/** True for an operator that only hands a stored weight on, or turns it into another form. */
function keepsWeight(node: Node, facts: Facts): boolean {
  const isKept = hasTrait(node, "rearranges") || node.is("Cast", "DequantizeLinear");
  return isKept && !facts.isCall(node);
}

/** A parameter of the model: stored, even where a caller may override it, or made from a stored value. */
function isParameter(value: Value | undefined, facts: Facts, depth = 0): boolean {
  if (value === undefined || depth > WEIGHT_DEPTH) return false;
  if (value.tensor !== undefined || value.producer?.is("Constant")) return true;
  const { producer } = value;
  return (
    producer !== undefined && keepsWeight(producer, facts) && isParameter(producer.input(0), facts, depth + 1)
  );
}

/** Reads a linear layer, or says why it cannot be normalized. */
export function readLinear(node: Node, facts: Facts): LinearLayer | Refusal {
  const { label } = node;
  if (node.hasReferences) return refusals.attributeBelongsToCaller(label);
  const [weight, raw] = [node.input(1), node.output(0)];
  if (weight === undefined || raw === undefined) return refusals.layerHasNoWeight(label);
  if (!isParameter(weight, facts)) {
    return isParameter(node.input(0), facts)
      ? refusals.weightIsLeftOperand(label)
      : refusals.layerMultipliesComputedValues(label);
  }
  const dtype = facts.dtype(raw) ?? facts.dtype(weight);
  if (dtype === undefined || !isFloat(dtype)) return refusals.layerTypeIsNotFloat(label, dtype);
  const shape = facts.shape(weight);
  if (shape === undefined) return refusals.layerWeightShapeIsUnknown(label);
  const channels = channelsOf(node, shape);
  if (typeof channels !== "number" || channels === 0) return refusals.layerChannelsAreUnknown(label);
  if (node.is("MatMul") && facts.rank(raw) === 1) return refusals.layerGivesVector(label);
  const axis = node.is("MatMul") && facts.rank(raw) !== 2 ? -1 : 1;
  const rest = { node, raw, axis, channels, dtype } as const;
  const given = node.is("MatMul") ? undefined : node.input(2);
  if (given !== undefined)
    return { ...rest, output: raw, biasAdd: undefined, ...ownBias(node, given, channels) };
  const added = biasAdd(
    raw,
    axis === 1 && node.is("Conv", "ConvTranspose") ? shape.length : undefined,
    channels,
    facts,
  );
  if (added === undefined) {
    return { ...rest, output: raw, biasAdd: undefined, bias: undefined, biasKept: undefined };
  }
  return { ...rest, output: added.output, biasAdd: added.node, bias: added.bias, biasKept: undefined };
}

function channelsOf(node: Node, weight: readonly unknown[]): unknown {
  const [first, second] = weight;
  if (node.is("Conv")) return weight.length > 2 ? first : undefined;
  if (node.is("ConvTranspose")) {
    return weight.length > 2 && typeof second === "number" ? second * node.int("group", 1) : undefined;
  }
  if (node.is("Gemm")) return node.int("transB", 0) === 0 ? second : first;
  return weight.length < 2 ? undefined : weight.at(-1);
}

function ownBias(
  node: Node,
  given: Value,
  channels: number,
): { readonly bias: Float64Array | undefined; readonly biasKept: Refusal | undefined } {
  const tensor = constantTensor(given);
  if (tensor === undefined) return { bias: undefined, biasKept: refusals.layerBiasIsNotConstant(given.name) };
  const width = tensor.dims.at(-1) ?? 1;
  if (tensor.size !== width || (width !== 1 && width !== channels)) {
    return { bias: undefined, biasKept: refusals.layerBiasIsNotPerChannel(given.name) };
  }
  const factor = node.is("Gemm") ? node.float("beta", 1) : 1;
  return { bias: spread(tensor, channels, factor), biasKept: undefined };
}

function spread(tensor: Tensor, channels: number, factor = 1): Float64Array {
  const values = tensor.toFloat64();
  return Float64Array.from(
    { length: channels },
    (_, c) => factor * (values[values.length === 1 ? 0 : c] ?? NaN),
  );
}

interface BiasAdd {
  readonly node: Node;
  readonly output: Value;
  readonly bias: Float64Array;
}

/**
 * The Add of one constant number for each channel behind a layer. `rank` is the rank of a convolution; undefined for
 * others.
 */
function biasAdd(raw: Value, rank: number | undefined, channels: number, facts: Facts): BiasAdd | undefined {
  const [use, ...others] = raw.uses;
  if (use?.kind !== "node" || others.length > 0 || !use.node.is("Add") || (facts.opset(use.node) ?? 0) < 7) {
    return undefined;
  }
  const output = use.node.output(0);
  const tensor = constantTensor(use.node.input(1 - use.index));
  if (tensor === undefined || output === undefined || !isFloat(tensor.dtype)) return undefined;
  const { dims } = tensor;
  const fromRight = rank === undefined ? 0 : rank - 2;
  const place = dims.length - 1 - fromRight;
  const ranks = rank ?? facts.rank(raw) ?? 2;
  const fits =
    dims.length <= ranks && dims.every((size, axis) => size === 1 || (axis === place && size === channels));
  return fits ? { node: use.node, output, bias: spread(tensor, channels) } : undefined;
}
