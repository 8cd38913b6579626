import {
  type Composition,
  composedDims,
  composeKernels,
  isPointwise,
  isUnpadded,
  multiplications,
  outputChannels,
} from "../src/affine/kernels.js";
import { type Matrix, matrixOf, multiplyMatrices } from "../src/affine/matrices.js";
import { refusals as affineRefusals } from "../src/affine/refusals.js";
import { fitsRange } from "../src/affine/scale-tensor.js";
import { product } from "../src/base/integers.js";
import {
  isRefusal,
  type Refusal,
  type RefusalCatalogue,
  refusalCatalogue,
  refusedAt,
} from "../src/base/refusal.js";
import { type FloatDType, isFloat } from "../src/ir/dtype.js";
import type { Node, Value } from "../src/ir/graph.js";
import { refusals as irRefusals } from "../src/ir/refusals.js";
import { type Tensor, tensorFromNumbers } from "../src/ir/tensor.js";
import { hasTrait } from "../src/ops/catalogue.js";
import { type ConstantConv, readConv } from "../src/ops/convolution/kernel.js";
import { DENSE, denseWeight } from "../src/ops/linear/dense.js";
import { type ConstantProduct, readProduct } from "../src/ops/linear/product.js";
import { composeInput } from "../src/ops/recurrent/compose.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readElsewhere } from "../src/rewrite/read-elsewhere.js";
import type { Rewriter } from "../src/rewrite/rewriter.js";
import { requireConstant } from "../src/rules/constants.js";
import type { Facts } from "../src/rules/facts.js";
import { refusals as shared } from "../src/rules/refusals.js";

const SENTENCES = {
  paddingFollowsBias: (first: string, second: string): string =>
    `padding comes between the bias of ${first} and ${second}`,
  mergingAddsMultiplications: (merged: number, separate: number): string =>
    `one would take ${merged} multiplications for each position, the two take ${separate}`,
  mergedWeightIsLarger: (merged: number, separate: number): string =>
    `the merged weight would have ${merged} elements, the two have ${separate}`,
  inputIsTransposed: (second: string, first: string): string => `${second} transposes what ${first} gives`,
  weightSizesDoNotFit: (): string => "the sizes of the two weights do not fit",
} as const;

/** Why two operators are not merged. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Merge two linear operators in a row where the merged one costs no more than both.
 *
 *   before   a = Conv (x, W1, b1)                          # 1x1
 *            y = Conv <strides = [2, 2]> (a, W2, b2)       # 3x3
 *   after    y = Conv <strides = [2, 2]> (x, W, b)
 *
 * Conv with Conv, one of them 1x1 with stride 1 and no pads; Gemm and MatMul with each other, their constants on the right; a
 * MatMul with the LSTM, GRU or RNN whose input sequence it computes.
 *
 * Math       W[o, c, t] = sum over j of W2[o, j, t] W1[j, c];  b[o] = b2[o] + sum over j, t of W2[o, j, t] b1[j]
 *            (x W1 + b1) W2 + b2 = x (W1 W2) + (b1 W2 + b2);  recurrent, whose W is [d, r, k]: W[d] = W2[d] W1^T
 * Source     Guo et al. 2020, ExpandNets, section 3; Ding et al. 2021, Diverse Branch Block, transform III
 * Requires   constants; no other reader in between; no more multiplications and weight elements than the two have
 * Refuses    padding behind a bias (the border sees zeros, not the bias); a bias for each row; overflow; products that would
 *            take minutes
 * Numerics   rounding: products and sums in float64, rounded once, so that the constants are as exact as their type allows. The
 *            runtime adds one long sum in float32 now, where the two sums averaged their roundings (bench/accuracy.mjs: the
 *            error grew from 1.0e-7 to 1.5e-7 of the largest output for 784 -> 64 -> 64 -> 10; 1e-8 comes from the constants)
 */
export const mergeLinearChains: Pass = {
  kind: "rules",
  name: "merge-linear-chains",
  summary:
    "Conv after a 1x1 Conv, Gemm after Gemm, MatMul before MatMul or LSTM become one where that is cheaper",
  before: "a = Gemm(x, W1, b1)  y = Gemm(a, W2, b2)",
  after: "y = Gemm(x, W, b)",
  numerics: "rounding",
  specials: {
    mayChange: ["nan", "infinity", "negative-zero", "overflow"],
    because: "products of weights are summed before an infinite or NaN input meets them",
  },
  order: "any place",
  refusals,
  rules: [{ operators: ["Conv", "GRU", "LSTM", "RNN", "Gemm", "MatMul"], match }],
};

/** The most multiplications for one merged weight; they take some seconds. */
const MAX_PRODUCT = 2 ** 32;

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const between = node.input(0);
  const first = between?.producer;
  const output = node.output(0);
  if (between === undefined || first === undefined || output === undefined) return undefined;
  if (facts.isCall(first)) return undefined;
  if (node.is("Conv") && first.is("Conv")) {
    if (!hasOneTap(node) && !hasOneTap(first)) return undefined;
    return seenBetween(first, node, between) ?? mergeConvs(first, node, facts);
  }
  if (hasTrait(node, "recurrent") && first.is("MatMul")) {
    return seenBetween(first, node, between) ?? mergeIntoRecurrent(first, node, facts);
  }
  if (node.is("Gemm", "MatMul") && first.is("Gemm", "MatMul")) {
    return seenBetween(first, node, between) ?? mergeProducts(first, node, facts);
  }
  return undefined;
}

function hasOneTap(node: Node): boolean {
  const dims = node.input(1)?.tensor?.dims ?? node.input(1)?.producer?.tensorAttribute("value")?.dims;
  return dims?.slice(2).every((size) => size === 1) ?? false;
}

function seenBetween(first: Node, second: Node, between: Value): Refusal | undefined {
  const shared = readElsewhere(between);
  if (shared !== undefined || first.graph === second.graph) return shared;
  return irRefusals.nodesAreInDifferentGraphs(first.label, second.label);
}

function mergeConvs(firstNode: Node, secondNode: Node, facts: Facts): Proposal | Refusal | undefined {
  const [first, second] = [readConv(firstNode), readConv(secondNode)];
  if (isRefusal(first)) return first;
  if (isRefusal(second)) return second;
  const [entersPointwise, leavesPointwise] = [isPointwise(first.kernel), isPointwise(second.kernel)];
  if (!entersPointwise && !leavesPointwise) return undefined;
  const bias = first.bias?.some((value) => value !== 0) ? first.bias : undefined;
  if (bias !== undefined && !isUnpadded(second.kernel)) {
    return refusals.paddingFollowsBias(firstNode.label, secondNode.label);
  }

  const { dims } = composedDims(first.kernel, second.kernel);
  const size = product(dims);
  const [cost1, cost2] = [multiplications(first.kernel), multiplications(second.kernel)];
  const refused = tooCostly(size, cost1 * positionRatio(first, second, facts) + cost2, cost1 + cost2);
  if (refused !== undefined) return refused;
  if ((cost1 * cost2) / outputChannels(first.kernel) > MAX_PRODUCT) return shared.mergingTakesTooLong();
  const composition = composeKernels(first.kernel, second.kernel, first.bias);
  return proposeConv(first, second, entersPointwise ? second : first, composition);
}

/** The positions that the first computes for each position of the second; from the strides where sizes are not known. */
function positionRatio(first: ConstantConv, second: ConstantConv, facts: Facts): number {
  const positions = (value: Value): number | undefined => {
    const sizes = facts.shape(value)?.slice(2);
    return sizes?.reduce<number | undefined>(
      (count, dim) => (count === undefined || typeof dim !== "number" ? undefined : count * dim),
      1,
    );
  };
  const [before, after] = [positions(first.output), positions(second.output)];
  if (before !== undefined && after !== undefined && after > 0) return before / after;
  return product(second.kernel.strides);
}

/**
 * Why merging is no gain: `merged` and `separate` count multiplications for each position, `weights` the elements of
 * both weights.
 */
function tooCostly(merged: number, separate: number, weights: number): Refusal | undefined {
  if (merged > separate) {
    return refusals.mergingAddsMultiplications(merged, Math.round(separate));
  }
  return merged > weights ? refusals.mergedWeightIsLarger(merged, weights) : undefined;
}

const GEOMETRY = ["auto_pad", "dilations", "kernel_shape", "pads", "strides"] as const;

/** The second becomes the merged Conv, with the geometry of `shape`, the one of the two that is not pointwise. */
function proposeConv(
  first: ConstantConv,
  second: ConstantConv,
  shape: ConstantConv,
  { weight, dims, group, bias }: Composition,
): Proposal | Refusal {
  const constants = constantsOf(second.dtype, dims, weight, addVectors(second.bias, bias));
  if (isRefusal(constants)) return constants;
  const { node } = second;
  return {
    kind: "rewrite",
    summary: `${first.node.label} and ${node.label} become one`,
    apply: (rewriter) => {
      rewriter.setInput(node, 0, first.input);
      setConstants(rewriter, node, constants);
      rewriter.setAttribute(node, "group", group);
      for (const name of shape === second ? [] : GEOMETRY) {
        const attr = shape.node.attribute(name);
        if (attr === undefined) rewriter.removeAttribute(node, name);
        else rewriter.setAttribute(node, name, attr);
      }
      rewriter.removeNode(first.node);
    },
  };
}

function mergeProducts(firstNode: Node, secondNode: Node, facts: Facts): Proposal | Refusal {
  const [first, second] = [readProduct(firstNode, facts), readProduct(secondNode, facts)];
  if (isRefusal(first)) return first;
  if (isRefusal(second)) return second;
  if (second.transA) return refusals.inputIsTransposed(secondNode.label, firstNode.label);
  if (first.columns !== second.rows) return refusals.weightSizesDoNotFit();
  const { name, pinnedBecause } = second.output;
  if (pinnedBecause !== undefined) return irRefusals.valueIsPinned(name, pinnedBecause);
  const [cost1, cost2] = [first.weight.size, second.weight.size];
  const refused = tooCostly(first.rows * second.columns, cost1 + cost2, cost1 + cost2);
  if (refused !== undefined) return refused;
  if (cost1 * second.columns > MAX_PRODUCT) return shared.mergingTakesTooLong();
  const right = scaled(matrixOf(second.weight, second.transB), second.alpha);
  const product = multiplyMatrices(scaled(matrixOf(first.weight, first.transB), first.alpha), right);
  const carried =
    first.bias && multiplyMatrices({ rows: 1, columns: first.columns, values: first.bias }, right).values;
  const dims = [product.rows, product.columns];
  const constants = constantsOf(second.dtype, dims, product.values, addVectors(second.bias, carried));
  return isRefusal(constants) ? constants : proposeProduct(first, second, constants);
}

function mergeIntoRecurrent(firstNode: Node, node: Node, facts: Facts): Proposal | Refusal {
  const first = readProduct(firstNode, facts);
  if (isRefusal(first)) return first;
  const weight = requireConstant(node.input(1), "weight W");
  if (isRefusal(weight)) return weight;
  const { dtype, dims } = weight;
  const [directions = 0, rows = 0, between] = dims;
  if (!isFloat(dtype) || dims.length !== 3 || between !== first.columns)
    return refusals.weightSizesDoNotFit();
  if (weight.data.kind === "missing") return refusedAt(node.label, shared.weightFileIsMissing());
  const separate = first.weight.size + weight.size;
  const refused = tooCostly(first.rows * directions * rows, separate, separate);
  if (refused !== undefined) return refused;
  const product = composeInput(weight, matrixOf(first.weight, true), MAX_PRODUCT);
  if (isRefusal(product)) return product;
  const constants = constantsOf(dtype, [directions, rows, first.rows], product, undefined);
  if (isRefusal(constants)) return constants;
  return {
    kind: "rewrite",
    summary: `${firstNode.label} and ${node.label} become one`,
    apply: (rewriter) => {
      rewriter.setInput(node, 0, first.input);
      setConstants(rewriter, node, constants);
      rewriter.removeNode(firstNode);
    },
  };
}

function proposeProduct(first: ConstantProduct, second: ConstantProduct, constants: Constants): Proposal {
  const { node } = second;
  const { graph, name, docString, metadata } = node;
  const opType = first.node.is("MatMul") && node.is("MatMul") ? "MatMul" : "Gemm";
  const weight = constants.get(1);
  const dense = opType === "Gemm" && weight ? denseWeight(weight) : undefined;
  return {
    kind: "rewrite",
    summary: `${first.node.label} and ${node.label} become one`,
    apply: (rewriter) => {
      const inputs = [first.input, ...node.inputs.slice(1)];
      const attributes = { ...(first.transA ? { transA: 1 } : {}), ...(dense === undefined ? {} : DENSE) };
      if (graph === undefined) return;
      const outputs = [graph.freshName(`${second.output.name}_merged`)];
      const init = { opType, inputs, outputs, attributes, name, docString, metadata };
      const merged = rewriter.addNode(graph, init, node);
      const result = merged.output(0);
      if (result !== undefined) rewriter.supersede(second.output, result);
      rewriter.removeNode(node);
      rewriter.removeNode(first.node);
      setConstants(rewriter, merged, dense === undefined ? constants : new Map([...constants, [1, dense]]));
    },
  };
}

/** The weight and the bias by input index, in their final type. */
type Constants = ReadonlyMap<number, Tensor>;

function constantsOf(
  dtype: FloatDType,
  dims: readonly number[],
  weight: Float64Array,
  bias: Float64Array | undefined,
): Constants | Refusal {
  if (!fitsRange(dtype, weight)) return affineRefusals.constantWouldOverflow(dtype);
  const constants = new Map([[1, tensorFromNumbers(dtype, dims, weight)]]);
  if (bias === undefined) return constants;
  if (!fitsRange(dtype, bias)) return affineRefusals.constantWouldOverflow(dtype);
  return constants.set(2, tensorFromNumbers(dtype, [bias.length], bias));
}

function setConstants(rewriter: Rewriter, node: Node, constants: Constants): void {
  const base = node.input(1)?.name ?? node.key;
  for (const [index, tensor] of constants) {
    rewriter.setConstant(node, index, tensor, index === 2 ? `${base}_bias` : base);
  }
}

function addVectors(a: Float64Array | undefined, b: Float64Array | undefined): Float64Array | undefined {
  return a === undefined || b === undefined ? (a ?? b) : a.map((value, i) => value + (b[i] ?? NaN));
}

function scaled(matrix: Matrix, factor: number): Matrix {
  return factor === 1 ? matrix : { ...matrix, values: matrix.values.map((value) => value * factor) };
}
