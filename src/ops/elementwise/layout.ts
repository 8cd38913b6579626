import { isRefusal, type Refusal, refuse } from "../../base/refusal.js";
import type { Node } from "../../ir/graph.js";
import { constantTensor } from "../../rules/constants.js";
import type { Facts } from "../../rules/facts.js";
import { alike, type LayoutFacet, moved, NO_CHANGE, normalized, rankOf } from "../../rules/layout-facet.js";
import type { Permutation } from "../../rules/permutation.js";
import { dropsAtRandom } from "../normalization/dropout.js";

/** One operand, element by element; further inputs are parameters of the operator. */
export const UNARY: LayoutFacet = alike([0]);

/** Dropout that drops nothing: its mask has the order of its data. */
export const DROPOUT: LayoutFacet = alike([0], (node, _, facts) =>
  dropsAtRandom(node, facts.opset(node) ?? 0, facts)
    ? refuse("what it drops is drawn element by element")
    : NO_CHANGE,
);

/** Operands that broadcast to each other, aligned at their last axes. */
export const BROADCAST: LayoutFacet = (node, { side, index, perm }, facts) => {
  if ((facts.opset(node) ?? 0) < 7 && node.inputs.length === 2) {
    return refuse("before opset 7 it broadcasts by other rules");
  }
  const rank = rankOf(node.output(0), facts);
  if (rank === undefined) return refuse("the rank of its output is not known");
  const lead = side === "output" ? 0 : rank - perm.length;
  const order = [...Array.from({ length: lead }, (_, axis) => axis), ...perm.map((axis) => axis + lead)];
  const inputs: [number, Permutation][] = [];
  for (const at of node.inputs.keys()) {
    const own = operandOrder(node, at, order, facts);
    if (isRefusal(own)) return own;
    if (own !== undefined) inputs.push([at, own]);
  }
  if (side === "input" && !inputs.some(([at]) => at === index))
    return refuse("its operand has no such order");
  return { inputs: moved(inputs), outputs: moved([[0, order]]) };
};

/** The order of one operand when the result has `order`; undefined when it does not care. */
function operandOrder(
  node: Node,
  index: number,
  order: Permutation,
  facts: Facts,
): Permutation | Refusal | undefined {
  const value = node.input(index);
  const rank = rankOf(value, facts);
  if (value === undefined) return undefined;
  if (rank === undefined) return refuse(`the rank of "${value.name}" is not known`);
  if (rank === order.length) return order;
  if (facts.shape(value)?.every((size) => size === 1)) return undefined;
  const lead = order.length - rank;
  const own = order.slice(lead);
  if (own.every((axis) => axis >= lead)) return own.map((axis) => axis - lead);
  return constantTensor(value) === undefined
    ? refuse(`its operand "${value.name}" has lower rank and is no constant`)
    : order;
}

/** QuantizeLinear and DequantizeLinear: a scale for each index of one axis goes with the axis. */
export const QUANTIZE: LayoutFacet = alike([0], (node, perm, facts) => {
  const scale = node.input(1);
  const shape = scale === undefined ? undefined : facts.shape(scale);
  if (shape === undefined) return refuse("the shape of its scale is not known");
  if (shape.every((size) => size === 1) && shape.length <= 1) return NO_CHANGE;
  if (shape.length !== 1 || node.int("block_size", 0) !== 0 || (facts.opset(node) ?? 0) < 13) {
    return refuse("its scales lie in blocks");
  }
  return { attributes: { axis: perm.indexOf(normalized(node.int("axis", 1), perm.length)) } };
});

/** PRelu's slope broadcasts to its data. */
export const PRELU: LayoutFacet = (node, anchor, facts) =>
  rankOf(node.input(1), facts) === rankOf(node.input(0), facts) || constantTensor(node.input(1)) !== undefined
    ? BROADCAST(node, anchor, facts)
    : refuse("its slope is computed and of lower rank");

export const UNARY_OPERATORS: readonly string[] = [
  "Abs",
  "Acos",
  "Acosh",
  "Asin",
  "Asinh",
  "Atan",
  "Atanh",
  "BitCast",
  "BitwiseNot",
  "Cast",
  "CastLike",
  "Ceil",
  "Celu",
  "Clip",
  "Cos",
  "Cosh",
  "Elu",
  "Erf",
  "Exp",
  "Floor",
  "Gelu",
  "HardSigmoid",
  "HardSwish",
  "Identity",
  "IsInf",
  "IsNaN",
  "LeakyRelu",
  "Log",
  "Mish",
  "Neg",
  "Not",
  "Reciprocal",
  "Relu",
  "Round",
  "Selu",
  "Shrink",
  "Sigmoid",
  "Sign",
  "Sin",
  "Sinh",
  "Softplus",
  "Softsign",
  "Sqrt",
  "Swish",
  "Tan",
  "Tanh",
  "ThresholdedRelu",
];

export const BROADCAST_OPERATORS: readonly string[] = [
  "Add",
  "And",
  "BitShift",
  "BitwiseAnd",
  "BitwiseOr",
  "BitwiseXor",
  "Div",
  "Equal",
  "Greater",
  "GreaterOrEqual",
  "Less",
  "LessOrEqual",
  "Max",
  "Mean",
  "Min",
  "Mod",
  "Mul",
  "Or",
  "Pow",
  "Sub",
  "Sum",
  "Where",
  "Xor",
];
