import { type Attribute, type AttributeInit, attribute } from "../ir/attribute.js";
import type { Node } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import type { Facts } from "../rules/facts.js";
import { axesOfAttribute } from "./axes.js";
import { standardOperator } from "./catalogue.js";

/** A default that an opset changed; the earlier one is left out, so that before it the attribute has none here. */
interface Changed {
  readonly from: number;
  readonly value: AttributeInit;
}

const from = (opset: number, value: AttributeInit): Changed => ({ from: opset, value });
const float = (value: number): AttributeInit => ({ kind: "float", value });

/**
 * The defaults of attributes, where they are one value for all inputs. Source: the schemas of ONNX 1.23 (onnx.defs), without
 * the attributes that only opsets before 7 have, and without random operators.
 */
const DEFAULTS: Readonly<
  Partial<Record<StandardOperator, Readonly<Record<string, AttributeInit | Changed>>>>
> = {
  AffineGrid: { align_corners: 0 },
  ArgMax: { axis: 0, keepdims: 1, select_last_index: 0 },
  ArgMin: { axis: 0, keepdims: 1, select_last_index: 0 },
  Attention: {
    is_causal: 0,
    left_window_size: -1,
    qk_matmul_output_mode: 0,
    right_window_size: -1,
    softcap: float(0),
  },
  AveragePool: { auto_pad: "NOTSET", ceil_mode: 0, count_include_pad: 0 },
  BatchNormalization: { epsilon: float(1e-5), momentum: float(0.9), training_mode: 0 },
  BlackmanWindow: { output_datatype: 1, periodic: 1 },
  Cast: { round_mode: "up", saturate: 1 },
  CastLike: { round_mode: "up", saturate: 1 },
  Celu: { alpha: float(1) },
  Clip: { max: float(3.4028235e38), min: float(-3.4028235e38) },
  ConcatFromSequence: { new_axis: 0 },
  Conv: { auto_pad: "NOTSET", group: 1 },
  ConvInteger: { auto_pad: "NOTSET", group: 1 },
  ConvTranspose: { auto_pad: "NOTSET", group: 1 },
  CumProd: { exclusive: 0, reverse: 0 },
  CumSum: { exclusive: 0, reverse: 0 },
  DFT: { axis: 1, inverse: 0, onesided: 0 },
  DeformConv: { group: 1, offset_group: 1 },
  DepthToSpace: { mode: "DCR" },
  DequantizeLinear: { axis: 1, block_size: 0, output_dtype: 0 },
  Elu: { alpha: float(1) },
  EyeLike: { k: 0 },
  Flatten: { axis: 1 },
  GRU: { direction: "forward", layout: 0, linear_before_reset: 0, output_sequence: 0 },
  Gather: { axis: 0 },
  GatherElements: { axis: 0 },
  GatherND: { batch_dims: 0 },
  Gelu: { approximate: "none" },
  Gemm: { alpha: float(1), beta: float(1), transA: 0, transB: 0 },
  GlobalLpPool: { p: 2 },
  GridSample: { align_corners: 0, mode: from(20, "linear"), padding_mode: "zeros" },
  GroupNormalization: { epsilon: float(1e-5), stash_type: 1 },
  HammingWindow: { output_datatype: 1, periodic: 1 },
  HannWindow: { output_datatype: 1, periodic: 1 },
  HardSigmoid: { alpha: float(0.2), beta: float(0.5) },
  Hardmax: { axis: from(13, -1) },
  InstanceNormalization: { epsilon: float(1e-5) },
  IsInf: { detect_negative: 1, detect_positive: 1 },
  LRN: { alpha: float(0.0001), beta: float(0.75), bias: float(1) },
  LSTM: { direction: "forward", input_forget: 0, layout: 0, output_sequence: 0 },
  LayerNormalization: { axis: -1, epsilon: float(1e-5), stash_type: 1 },
  LeakyRelu: { alpha: float(0.01) },
  LogSoftmax: { axis: from(13, -1) },
  LpNormalization: { axis: -1, p: 2 },
  LpPool: { auto_pad: "NOTSET", ceil_mode: 0, p: 2 },
  MaxPool: { auto_pad: "NOTSET", ceil_mode: 0, storage_order: 0 },
  MaxRoiPool: { spatial_scale: float(1) },
  MeanVarianceNormalization: { axes: [0, 2, 3] },
  MelWeightMatrix: { output_datatype: 1 },
  Mod: { fmod: 0 },
  NegativeLogLikelihoodLoss: { reduction: "mean" },
  NonMaxSuppression: { center_point_box: 0 },
  OneHot: { axis: -1 },
  Pad: { mode: "constant", value: float(0) },
  QLinearConv: { auto_pad: "NOTSET", group: 1 },
  QuantizeLinear: { axis: 1, block_size: 0, output_dtype: 0, precision: 0, saturate: 1 },
  RMSNormalization: { axis: -1, epsilon: float(1e-5), stash_type: 1 },
  RNN: { direction: "forward", layout: 0, output_sequence: 0 },
  ReduceL1: { keepdims: 1, noop_with_empty_axes: 0 },
  ReduceL2: { keepdims: 1, noop_with_empty_axes: 0 },
  ReduceLogSum: { keepdims: 1, noop_with_empty_axes: 0 },
  ReduceLogSumExp: { keepdims: 1, noop_with_empty_axes: 0 },
  ReduceMax: { keepdims: 1, noop_with_empty_axes: 0 },
  ReduceMean: { keepdims: 1, noop_with_empty_axes: 0 },
  ReduceMin: { keepdims: 1, noop_with_empty_axes: 0 },
  ReduceProd: { keepdims: 1, noop_with_empty_axes: 0 },
  ReduceSum: { keepdims: 1, noop_with_empty_axes: 0 },
  ReduceSumSquare: { keepdims: 1, noop_with_empty_axes: 0 },
  Reshape: { allowzero: 0 },
  Resize: {
    antialias: 0,
    coordinate_transformation_mode: "half_pixel",
    cubic_coeff_a: float(-0.75),
    exclude_outside: 0,
    extrapolation_value: float(0),
    keep_aspect_ratio_policy: "stretch",
    mode: "nearest",
    nearest_mode: "round_prefer_floor",
  },
  ReverseSequence: { batch_axis: 1, time_axis: 0 },
  RoiAlign: {
    coordinate_transformation_mode: "half_pixel",
    mode: "avg",
    output_height: 1,
    output_width: 1,
    sampling_ratio: 0,
    spatial_scale: float(1),
  },
  RotaryEmbedding: { interleaved: 0, rotary_embedding_dim: 0 },
  STFT: { onesided: 1 },
  ScatterElements: { axis: 0, reduction: "none" },
  ScatterND: { reduction: "none" },
  Selu: { alpha: float(1.6732632), gamma: float(1.050701) },
  Shape: { start: 0 },
  Shrink: { bias: float(0), lambd: float(0.5) },
  Softmax: { axis: from(13, -1) },
  SoftmaxCrossEntropyLoss: { reduction: "mean" },
  Split: { axis: 0 },
  SplitToSequence: { axis: 0, keepdims: 1 },
  StringNormalizer: { case_change_action: "NONE", is_case_sensitive: 0 },
  Swish: { alpha: float(1) },
  TensorScatter: { axis: -2, mode: "linear" },
  ThresholdedRelu: { alpha: float(1) },
  TopK: { axis: -1, largest: 1, sorted: 1 },
  Trilu: { upper: 1 },
  Unique: { sorted: 1 },
};

/** Lists that are the default at any length: a step of one and no border along each axis. */
const EVERYWHERE: Readonly<Record<string, bigint>> = {
  dilations: 1n,
  strides: 1n,
  pads: 0n,
  output_padding: 0n,
};

/**
 * The attributes of the node that say something else than their defaults in its opset, and all of them where that is unknown, with
 * axes in one spelling. A function of the model has defaults of its own.
 */
export function effectiveAttributes(node: Node, facts: Facts): readonly Attribute[] {
  const attributes = [...node.attributes.values()];
  if (facts.isCall(node)) return attributes;
  const spell = (attr: Attribute): Attribute => axesOfAttribute(attr, node, facts);
  const [operator, opset] = [standardOperator(node), facts.opset(node)];
  const spelled = attributes.map(spell);
  if (operator === undefined || opset === undefined) return spelled;
  const defaults = DEFAULTS[operator] ?? {};
  return spelled.filter((own) => {
    const value = defaultIn(defaults[own.name], opset);
    return !(
      isEverywhereDefault(own, operator) ||
      (value !== undefined && equals(own, spell(attribute(own.name, value))))
    );
  });
}

/** Whether a list says along each axis what is the default at any length. */
function isEverywhereDefault(own: Attribute, operator: StandardOperator): boolean {
  if (own.kind !== "ints") return false;
  const everywhere = EVERYWHERE[own.name];
  if (everywhere !== undefined) return own.value.every((size) => size === everywhere);
  const last = own.value.length - 1;
  const isOrder = operator === "Transpose" && own.name === "perm";
  return isOrder && own.value.every((axis, place) => axis === BigInt(last - place));
}

function defaultIn(init: AttributeInit | Changed | undefined, opset: number): AttributeInit | undefined {
  if (init === undefined || !isChanged(init)) return init;
  return opset >= init.from ? init.value : undefined;
}

function isChanged(init: AttributeInit | Changed): init is Changed {
  return typeof init === "object" && "from" in init;
}

function equals(own: Attribute, other: Attribute): boolean {
  if (own.kind === "int") return other.kind === "int" && own.value === other.value;
  // A FLOAT holds single precision, and -0 divides otherwise than 0.
  if (own.kind === "float")
    return other.kind === "float" && Object.is(Math.fround(own.value), Math.fround(other.value));
  if (own.kind === "string") return other.kind === "string" && own.value.join() === other.value.join();
  if (own.kind === "ints") return other.kind === "ints" && own.value.join() === other.value.join();
  return false;
}
