import type { Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import type { Compound } from "../patterns/compound.js";
import type { Facts } from "../rules/facts.js";

/** The operators that keep the blocked layout of images which a Conv gives (onnxruntime/core/optimizer/nchwc_transformer.cc). */
const KEEPS_LAYOUT: readonly StandardOperator[] = [
  "Add",
  "AveragePool",
  "BatchNormalization",
  "Concat",
  "GlobalAveragePool",
  "GlobalMaxPool",
  "LeakyRelu",
  "MaxPool",
  "Mul",
  "Relu",
  "Sigmoid",
  "Sum",
  "Tanh",
];

/**
 * Whether the expression pools a value in that layout, which onnxruntime does before it reorders the few means; a ReduceMean would
 * need the whole map reordered: 1.1 to 1.4 times the time on maps of 14x14 and 32x32.
 */
export function poolsBlocked({ nodes }: Compound, facts: Facts): boolean {
  const input = nodes.find((node) => node.is("GlobalAveragePool"))?.input(0);
  return input !== undefined && isBlocked(input, facts);
}

/** How many operators are looked at on the way to a Conv: a block of a DenseNet has 24 layers. */
const FARTHEST = 64;

/**
 * Whether onnxruntime computes the value in its blocked layout (NCHWc) on the CPU. A BatchNormalization keeps that layout; an Add
 * or Mul of a constant by channel does not, so that the value is reordered in front of it and behind it.
 */
export function isBlocked(value: Value, facts: Facts): boolean {
  if (facts.rank(value) !== 4 || facts.dtype(value) !== "float") return false;
  const seen = new Set<Value>([value]);
  for (const each of seen) {
    const node = each.producer;
    if (node === undefined || facts.isCall(node)) continue;
    if (node.is("Conv")) return true;
    if (!KEEPS_LAYOUT.some((operator) => node.is(operator)) || seen.size > FARTHEST) continue;
    for (const input of node.inputs) if (input !== null) seen.add(input);
  }
  return false;
}
