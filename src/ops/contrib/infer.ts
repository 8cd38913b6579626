import { add, exactDiv, type MaybeDim, mul } from "../../rules/dims.js";
import {
  type Dims,
  type InferContext,
  type InferRule,
  type InferTable,
  tensorConclusion,
} from "../../rules/fact.js";
import { likeFirst } from "../../rules/inference.js";
import { broadcastShapes, normalAxis, replaceAt } from "../../rules/shapes.js";
import { conv } from "../convolution/infer.js";
import { gemm, productOf } from "../linear/infer.js";
import { dequantize, quantize } from "../quantization/infer.js";

/**
 * onnxruntime's own operators (domain com.microsoft), as its optimizer and its quantizer leave them in models that they
 * save. Nothing is known of other operators, nor of outputs that a rule leaves out.
 */

/** The outputs are the normalized sum, its mean and inverse deviation (which only training reads), and the sum itself. */
const skipNormalization: InferRule = (c) => {
  const result = tensorConclusion(c.dtype(0), c.shape(0));
  return [result, undefined, undefined, result];
};

/** A product whose operands may have their last two axes exchanged. */
const fusedMatMul: InferRule = (c) => {
  const dtype = c.dtype(0) ?? c.dtype(1);
  const movesBatch = c.bool("transBatchA", false) || c.bool("transBatchB", false);
  const [a, b] = [matrices(c, 0, "transA"), matrices(c, 1, "transB")];
  return movesBatch ? [tensorConclusion(dtype, undefined)] : productOf(c, a, b, dtype);
};

function matrices(c: InferContext, input: number, transposed: string): Dims | undefined {
  const shape = c.shape(input);
  if (shape === undefined || shape.length < 2 || !c.bool(transposed, false)) return shape;
  return [...shape.slice(0, -2), shape.at(-1), shape.at(-2)];
}

/** A times a matrix of K rows and N columns, packed. */
const matMulNBits: InferRule = (c) => {
  const a = c.shape(0);
  return [tensorConclusion(c.dtype(0), a && [...a.slice(0, -1), c.int("N")])];
};

/** The inputs are A and B, each with its scale and zero point behind it. */
const quantizedBinary: InferRule = (c) => {
  const shape = broadcastShapes([c.shape(0), c.shape(3)]);
  return shape === "mismatch"
    ? c.reject("the operands do not broadcast")
    : [tensorConclusion(c.dtype(0), shape)];
};

/** The inputs are scale and zero point of the result, then each part with its own. */
const quantizedConcat: InferRule = (c) => {
  const parts = c.node.inputs.flatMap((_, input) => (input >= 2 && input % 3 === 2 ? [c.shape(input)] : []));
  const [first] = parts;
  const axis = normalAxis(c.int("axis"), first?.length);
  if (first === undefined || axis === undefined) return [tensorConclusion(c.dtype(1), undefined)];
  const total = parts.reduce<MaybeDim>((sum, part) => add(sum, part?.[axis]), 0);
  return [tensorConclusion(c.dtype(1), replaceAt<MaybeDim>(first, axis, total))];
};

const quantizedGlobalPool: InferRule = (c) => {
  const x = c.shape(0);
  const channel = c.bool("channels_last", false) ? (x?.length ?? 0) - 1 : 1;
  return [
    tensorConclusion(
      c.dtype(0),
      x?.map((dim, axis) => (axis === 0 || axis === channel ? dim : 1)),
    ),
  ];
};

/** Without a scale of the result it is not quantized. */
const quantizedGemm: InferRule = (c) => {
  const [a, b] = [c.shape(0), c.shape(3)];
  const rows = c.bool("transA", false) ? a?.[1] : a?.[0];
  const columns = c.bool("transB", false) ? b?.[0] : b?.[1];
  return [tensorConclusion(c.has(8) ? c.dtype(8) : c.dtype(1), [rows, columns])];
};

/** One weight for queries, keys and values side by side; Y has the width of the values. */
const packedAttention: InferRule = (c) => {
  const x = c.shape(0);
  const sizes = c.ints("qkv_hidden_sizes");
  const width: MaybeDim = sizes === undefined ? exactDiv(c.shape(1)?.[1], 3) : sizes[2];
  return [tensorConclusion(c.dtype(0), x?.length === 3 ? [x[0], x[1], width] : undefined)];
};

/** Values are [batch, sequence, heads * size] or [batch, heads, sequence, size]; nothing is known of packed ones. */
const multiHeadAttention: InferRule = (c) => {
  const [q, v] = [c.shape(0), c.shape(2)];
  if (q?.length !== 3 || v === undefined) return [tensorConclusion(c.dtype(0), undefined)];
  const width = v.length === 3 ? v[2] : v.length === 4 ? mul(v[1], v[3]) : undefined;
  return [tensorConclusion(c.dtype(0), [q[0], q[1], width])];
};

/** If keys and values are no inputs, the queries hold them too, side by side for each position. */
const groupQueryAttention: InferRule = (c) => {
  const x = c.shape(0);
  const [heads, shared] = [c.int("num_heads"), c.int("kv_num_heads")];
  const packed = heads === undefined || shared === undefined ? undefined : heads + 2 * shared;
  const width = c.has(1) ? x?.[2] : mul(exactDiv(x?.[2], packed), heads);
  return [
    tensorConclusion(c.dtype(0), x?.length === 3 ? [x[0], x[1], width] : undefined),
    tensorConclusion(c.dtype(3), undefined),
    tensorConclusion(c.dtype(4), undefined),
  ];
};

/** The inputs are the indices of the words, their segments and three tables. */
const embedding: InferRule = (c) => {
  const words = c.shape(0);
  return [tensorConclusion(c.dtype(2), words && [...words, c.shape(2)?.[1]])];
};

export const inference: InferTable = {
  Attention: packedAttention,
  BiasAdd: likeFirst,
  BiasGelu: likeFirst,
  BiasSoftmax: likeFirst,
  DequantizeLinear: dequantize,
  DynamicQuantizeMatMul: (c) => productOf(c, c.shape(0), c.shape(1), c.dtype(0)),
  EmbedLayerNormalization: embedding,
  FastGelu: likeFirst,
  FusedConv: conv,
  FusedGemm: gemm,
  FusedMatMul: fusedMatMul,
  Gelu: likeFirst,
  GroupQueryAttention: groupQueryAttention,
  MatMulIntegerToFloat: (c) => productOf(c, c.shape(0), c.shape(1), c.dtype(2)),
  MatMulNBits: matMulNBits,
  MultiHeadAttention: multiHeadAttention,
  QGemm: quantizedGemm,
  QLinearAdd: quantizedBinary,
  QLinearConcat: quantizedConcat,
  QLinearGlobalAveragePool: quantizedGlobalPool,
  QLinearLeakyRelu: likeFirst,
  QLinearMul: quantizedBinary,
  QLinearSigmoid: likeFirst,
  QLinearSoftmax: likeFirst,
  QuantizeLinear: quantize,
  QuickGelu: likeFirst,
  RotaryEmbedding: likeFirst,
  SkipLayerNormalization: skipNormalization,
  SkipSimplifiedLayerNormalization: skipNormalization,
  TransposeMatMul: fusedMatMul,
};
