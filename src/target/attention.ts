import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { constantTensor } from "../rules/constants.js";

/**
 * Whether the node scales the scores of an attention that onnxruntime fuses into one kernel (AttentionFusion in
 * onnxruntime/core/optimizer/attention_fusion.cc): queries, keys and values are three linear layers of one normalized value,
 * each split into heads by a Reshape and a Transpose. It looks for the division of the scores, so that the scale must not go
 * into the weights of the queries.
 */
export function scalesFusedAttention(node: Node): boolean {
  if (!node.is("Div", "Mul")) return false;
  const scores = node.input(0)?.producer;
  if (scores === undefined || !scores.is("MatMul") || scalarOf(node.input(1)) === undefined) return false;
  const weighted = productOfWeights(node);
  if (weighted === undefined) return false;
  const sources = [scores.input(0), scores.input(1), weighted.input(1)].map(sourceOfHeads);
  const [source] = sources;
  return source !== undefined && isNormalized(source) && sources.every((each) => each === source);
}

/**
 * Whether the Add is the bias of a linear layer of such an attention, which the kernel needs even where it is zero: of queries,
 * keys, values, or of the layer behind.
 */
export function isBiasOfFusedAttention(node: Node): boolean {
  if (!node.is("Add")) return false;
  const scale = scaleBehind(node) ?? scaleBefore(node);
  return scale !== undefined && scalesFusedAttention(scale);
}

/** The scale of the attention whose queries, keys or values the Add gives. */
function scaleBehind(bias: Node): Node | undefined {
  // Sizes are read from the values too, so that the heads may have other readers.
  const split = bias.output(0)?.users.find((user) => user.is("Reshape"));
  const heads = split && onlyReader(split);
  const product = heads?.is("Transpose") ? onlyReader(heads) : undefined;
  if (!product?.is("MatMul")) return undefined;
  const softmax = product.input(0)?.producer;
  return softmax?.is("Softmax") ? scaleOfScores(softmax) : onlyReader(product);
}

/** The scale of the attention whose result the layer of this Add reads. */
function scaleBefore(bias: Node): Node | undefined {
  const layer = bias.inputs.find((value) => value?.producer?.is("MatMul"))?.producer;
  const weighted = behind(behind(layer?.input(0), "Reshape"), "Transpose")?.producer;
  const softmax = weighted?.is("MatMul") ? weighted.input(0)?.producer : undefined;
  return softmax?.is("Softmax") ? scaleOfScores(softmax) : undefined;
}

function scaleOfScores(softmax: Node): Node | undefined {
  const scores = softmax.input(0)?.producer;
  return scores?.is("Add")
    ? scores.inputs.find((value) => value?.producer?.is("Div", "Mul"))?.producer
    : scores;
}

/** The product of the attention's weights with the values: behind the scale, perhaps a mask, and the Softmax. */
function productOfWeights(scale: Node): Node | undefined {
  const next = onlyReader(scale);
  const softmax = next?.is("Add") ? onlyReader(next) : next;
  if (softmax === undefined || !softmax.is("Softmax")) return undefined;
  const product = onlyReader(softmax);
  return product?.is("MatMul") ? product : undefined;
}

/** The value that a linear layer reads whose result is split into heads. */
function sourceOfHeads(heads: Value | undefined): Value | undefined {
  const biased = behind(behind(heads, "Transpose"), "Reshape")?.producer;
  if (!biased?.is("Add")) return undefined;
  const product = biased.inputs.find((value) => value?.producer?.is("MatMul"))?.producer;
  return constantTensor(product?.input(1)) === undefined ? undefined : product?.input(0);
}

/** The first input of the operator that computes the value, if it is this one. */
function behind(value: Value | undefined, operator: StandardOperator): Value | undefined {
  return value?.producer?.is(operator) ? value.producer.input(0) : undefined;
}

function isNormalized({ producer }: Value): boolean {
  return producer?.opType === "LayerNormalization" || producer?.opType === "SkipLayerNormalization";
}

function onlyReader(node: Node): Node | undefined {
  const users = node.output(0)?.users ?? [];
  return users.length === 1 ? users[0] : undefined;
}

function scalarOf(value: Value | undefined): number | undefined {
  const tensor = constantTensor(value);
  return tensor?.size === 1 ? tensor.toFloat64()[0] : undefined;
}
