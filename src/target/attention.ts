import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";

/**
 * Whether the node scales the scores of an attention that onnxruntime fuses into one kernel (AttentionFusion in
 * onnxruntime/core/optimizer/attention_fusion.cc). What it looks for, of BERT as it was exported below opset 13: queries, keys
 * and values are three linear layers with biases of one normalized value, each split into heads by a Reshape and a Transpose; the
 * scores are divided by a number, and a mask made of two Unsqueezes is added to them; a linear layer with a bias comes behind.
 * Where all sizes are known, another fusion has made a Gemm of each layer before. So the scale must not go into the weights
 * of the queries.
 */
export function scalesFusedAttention(node: Node, facts: Facts): boolean {
  if (!node.is("Div") || (facts.opset(node) ?? FIRST_UNKNOWN) >= FIRST_UNKNOWN) return false;
  const scores = node.input(0)?.producer;
  if (!scores?.is("MatMul") || constantTensor(node.input(1))?.size !== 1) return false;
  const weighted = weightedBehind(node);
  if (weighted === undefined || !hasBiasedLayerBehind(weighted)) return false;
  const sources = [scores.input(0), scores.input(1), weighted.input(1)].map(sourceOfHeads);
  const [source] = sources;
  if (source === undefined || !isNormalized(source) || facts.staticShape(source) !== undefined) return false;
  return sources.every((each) => each === source);
}

/** The first opset whose Softmax and Unsqueeze the fusion does not know. */
const FIRST_UNKNOWN = 13;

/**
 * Whether the Add is the bias of a linear layer of such an attention, which the kernel needs even where it is zero: of queries,
 * keys, values, or of the layer behind.
 */
export function isBiasOfFusedAttention(node: Node, facts: Facts): boolean {
  if (!node.is("Add")) return false;
  const scale = scaleBehind(node) ?? scaleBefore(node);
  return scale !== undefined && scalesFusedAttention(scale, facts);
}

/** Whether the Unsqueeze is the second of the two that bring the mask of such an attention into its shape. */
export function unsqueezesMaskOfFusedAttention(node: Node, facts: Facts): boolean {
  const [cast] = readersOf(node);
  const difference = cast && onlyReader(cast);
  const mask = difference && onlyReader(difference);
  if (mask === undefined || unsqueezedIn(mask) !== node) return false;
  return readersOf(mask).some((sum) => {
    const scale = sum.input(0)?.producer;
    return scale !== undefined && scalesFusedAttention(scale, facts);
  });
}

/** The second Unsqueeze of (1 - Cast(Unsqueeze(Unsqueeze(mask)))) times a large negative number. */
function unsqueezedIn(mask: Node | undefined): Node | undefined {
  const difference = mask?.is("Mul") ? mask.input(0)?.producer : undefined;
  const cast = difference?.is("Sub") ? difference.input(1)?.producer : undefined;
  const second = cast?.is("Cast") ? cast.input(0)?.producer : undefined;
  return second?.is("Unsqueeze") && second.input(0)?.producer?.is("Unsqueeze") ? second : undefined;
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
  return softmax.input(0)?.producer?.input(0)?.producer;
}

/** The product of the attention's weights with the values: behind the scale, the mask and the Softmax. */
function weightedBehind(scale: Node): Node | undefined {
  const sum = onlyReader(scale);
  if (!sum?.is("Add") || sum.input(0)?.producer !== scale) return undefined;
  if (unsqueezedIn(sum.input(1)?.producer) === undefined) return undefined;
  const softmax = onlyReader(sum);
  const product = softmax?.is("Softmax") ? onlyReader(softmax) : undefined;
  return product?.is("MatMul") ? product : undefined;
}

/** Whether the heads are joined and go through a linear layer with a bias. */
function hasBiasedLayerBehind(weighted: Node): boolean {
  let node: Node | undefined = weighted;
  for (const operator of ["Transpose", "Reshape", "MatMul", "Add"] as const) {
    // Sizes are read from the joined heads too.
    node = readersOf(node).find((reader) => reader.is(operator));
    if (node === undefined) return false;
  }
  return node.inputs.some((value) => constantTensor(value ?? undefined) !== undefined);
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

function readersOf(node: Node): readonly Node[] {
  return node.output(0)?.users ?? [];
}

function onlyReader(node: Node): Node | undefined {
  const users = readersOf(node);
  return users.length === 1 ? users[0] : undefined;
}
