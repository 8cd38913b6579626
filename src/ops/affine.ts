import type { Refusal } from "../base/refusal.js";
import { isStandardDomain, type Node } from "../ir/graph.js";
import type { AffineFacets, LiftedAffine } from "../rules/affine-facet.js";
import type { Facts } from "../rules/facts.js";
import { absorbInputIntoConv, absorbInputIntoConvTranspose } from "./convolution/absorb-down.js";
import { absorbIntoConv, absorbIntoConvTranspose } from "./convolution/absorb-up.js";
import { liftArithmetic } from "./elementwise/lift.js";
import {
  CAST,
  CHOICE,
  EXTREMUM,
  NEGATION,
  POSITIVELY_HOMOGENEOUS,
  PRODUCT,
  SAME,
  SUM,
} from "./elementwise/pass.js";
import { absorbInputIntoGemm, absorbInputIntoMatMul } from "./linear/absorb-down.js";
import { absorbIntoGemm, absorbIntoMatMul } from "./linear/absorb-up.js";
import { passThroughMatMul } from "./linear/pass.js";
import { CONCAT, DEPTH_TO_SPACE, SPACE_TO_DEPTH, TRANSPOSE } from "./movement/pass.js";
import { EXPAND, GATHER, PAD, SLICE, SPLIT, TILE } from "./movement/pass-selection.js";
import {
  absorbIntoBatchNormalization,
  absorbIntoChannelNormalization,
  absorbIntoLayerNormalization,
} from "./normalization/absorb-up.js";
import { liftBatchNormalization } from "./normalization/lift.js";
import { AVERAGE_POOL, MAX_POOL } from "./pooling/pass.js";
import { absorbIntoDequantizeLinear } from "./quantization/absorb-up.js";
import { absorbInputIntoRecurrent } from "./recurrent/absorb-down.js";
import { EXTREME, MEAN, TOTAL } from "./reduction/pass.js";
import { VIEW } from "./shape/pass.js";
import { RESIZE } from "./vision/pass.js";

/** What each operator of the standard domain knows about affine maps of its inputs and outputs. */
const FACETS: ReadonlyMap<string, AffineFacets> = new Map<string, AffineFacets>([
  ["BatchNormalization", { lift: liftBatchNormalization, absorbUp: absorbIntoBatchNormalization }],
  ["Add", { lift: liftArithmetic, ...SUM }],
  ["Sub", { lift: liftArithmetic, ...SUM }],
  ["Mul", { lift: liftArithmetic, ...PRODUCT }],
  ["Div", { lift: liftArithmetic, ...PRODUCT }],
  ["Sum", SUM],
  ["Conv", { absorbUp: absorbIntoConv, absorbDown: absorbInputIntoConv }],
  ["ConvTranspose", { absorbUp: absorbIntoConvTranspose, absorbDown: absorbInputIntoConvTranspose }],
  ["Gemm", { absorbUp: absorbIntoGemm, absorbDown: absorbInputIntoGemm }],
  ["MatMul", { absorbUp: absorbIntoMatMul, passUp: passThroughMatMul, absorbDown: absorbInputIntoMatMul }],
  ["LSTM", { absorbDown: absorbInputIntoRecurrent }],
  ["GRU", { absorbDown: absorbInputIntoRecurrent }],
  ["RNN", { absorbDown: absorbInputIntoRecurrent }],
  ["DequantizeLinear", { absorbUp: absorbIntoDequantizeLinear }],
  ["InstanceNormalization", { absorbUp: absorbIntoChannelNormalization }],
  ["GroupNormalization", { absorbUp: absorbIntoChannelNormalization }],
  ["LayerNormalization", { absorbUp: absorbIntoLayerNormalization }],
  ["Relu", POSITIVELY_HOMOGENEOUS],
  ["LeakyRelu", POSITIVELY_HOMOGENEOUS],
  ["PRelu", POSITIVELY_HOMOGENEOUS],
  ["Abs", POSITIVELY_HOMOGENEOUS],
  ["Neg", NEGATION],
  ["Max", EXTREMUM],
  ["Min", EXTREMUM],
  ["Identity", SAME],
  ["Cast", CAST],
  ["Where", CHOICE],
  ["Reshape", VIEW],
  ["Flatten", VIEW],
  ["Squeeze", VIEW],
  ["Unsqueeze", VIEW],
  ["Transpose", TRANSPOSE],
  ["Concat", CONCAT],
  ["Slice", SLICE],
  ["Split", SPLIT],
  ["Gather", GATHER],
  ["Expand", EXPAND],
  ["Tile", TILE],
  ["Pad", PAD],
  ["DepthToSpace", DEPTH_TO_SPACE],
  ["SpaceToDepth", SPACE_TO_DEPTH],
  ["MaxPool", MAX_POOL],
  ["GlobalMaxPool", MAX_POOL],
  ["AveragePool", AVERAGE_POOL],
  ["GlobalAveragePool", AVERAGE_POOL],
  ["ReduceMean", MEAN],
  ["ReduceMax", EXTREME],
  ["ReduceMin", EXTREME],
  ["ReduceSum", TOTAL],
  ["Resize", RESIZE],
  ["Upsample", RESIZE],
]);

/** The operators that a map can be: those that liftAffine is asked about. */
export const LIFTED: readonly string[] = [...FACETS].flatMap(([opType, { lift }]) =>
  lift === undefined ? [] : [opType],
);

const OPAQUE: AffineFacets = {};

export function affineFacets(node: Node): AffineFacets {
  return (isStandardDomain(node.domain) ? FACETS.get(node.opType) : undefined) ?? OPAQUE;
}

/** The node as y = scale[c] * x + shift[c], why it is not one although it looks like it, or undefined. */
export function liftAffine(node: Node, facts: Facts): LiftedAffine | Refusal | undefined {
  return facts.isCall(node) ? undefined : affineFacets(node).lift?.(node, facts);
}
