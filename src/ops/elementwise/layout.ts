import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { Node } from "../../ir/graph.js";
import { constantTensor } from "../../rules/constants.js";
import type { FacetTable } from "../../rules/facet.js";
import type { Facts } from "../../rules/facts.js";
import { alike, type LayoutFacet, moved } from "../../rules/layout/facet.js";
import type { Permutation } from "../../rules/layout/permutation.js";
import { refusals as shared } from "../../rules/refusals.js";
import { rankOf } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** One operand, element by element; further inputs are parameters of the operator. */
const UNARY: LayoutFacet = alike([0]);

/** Operands that broadcast to each other, aligned at their last axes. */
const BROADCAST: LayoutFacet = (node, { side, index, perm }, facts) => {
  if ((facts.opset(node) ?? 0) < 7 && node.inputs.length === 2) {
    return shared.broadcastsByOldRules();
  }
  const rank = rankOf(node.output(0), facts);
  if (rank === undefined) return shared.outputRankIsUnknown();
  const lead = side === "output" ? 0 : rank - perm.length;
  const order = [...Array.from({ length: lead }, (_, axis) => axis), ...perm.map((axis) => axis + lead)];
  const inputs: [number, Permutation][] = [];
  for (const at of node.inputs.keys()) {
    const own = operandOrder(node, at, order, facts);
    if (isRefusal(own)) return own;
    if (own !== undefined) inputs.push([at, own]);
  }
  if (side === "input" && !inputs.some(([at]) => at === index)) return refusals.operandHasNoSuchOrder();
  return { inputs: moved(inputs), outputs: moved([[0, order]]) };
};

/** The order of one operand when the result has `order`; undefined for an operand that fits as it is. */
function operandOrder(
  node: Node,
  index: number,
  order: Permutation,
  facts: Facts,
): Permutation | Refusal | undefined {
  const value = node.input(index);
  const rank = rankOf(value, facts);
  if (value === undefined) return undefined;
  if (rank === undefined) return shared.valueRankIsUnknown(value.name);
  if (rank === order.length) return order;
  if (facts.shape(value)?.every((size) => size === 1)) return undefined;
  const lead = order.length - rank;
  const own = order.slice(lead);
  if (own.every((axis) => axis >= lead)) return own.map((axis) => axis - lead);
  return constantTensor(value) === undefined ? refusals.narrowOperandIsComputed(value.name) : order;
}

/** PRelu's slope broadcasts to its data. */
const PRELU: LayoutFacet = (node, anchor, facts) =>
  rankOf(node.input(1), facts) === rankOf(node.input(0), facts) || constantTensor(node.input(1)) !== undefined
    ? BROADCAST(node, anchor, facts)
    : refusals.narrowSlopeIsComputed();

export const layout: FacetTable<keyof typeof OPERATORS, LayoutFacet> = {
  Abs: UNARY,
  Acos: UNARY,
  Acosh: UNARY,
  Add: BROADCAST,
  And: BROADCAST,
  Asin: UNARY,
  Asinh: UNARY,
  Atan: UNARY,
  Atanh: UNARY,
  BitCast: UNARY,
  BitShift: BROADCAST,
  BitwiseAnd: BROADCAST,
  BitwiseNot: UNARY,
  BitwiseOr: BROADCAST,
  BitwiseXor: BROADCAST,
  Cast: UNARY,
  CastLike: UNARY,
  Ceil: UNARY,
  Celu: UNARY,
  Clip: UNARY,
  Cos: UNARY,
  Cosh: UNARY,
  Div: BROADCAST,
  Elu: UNARY,
  Equal: BROADCAST,
  Erf: UNARY,
  Exp: UNARY,
  Floor: UNARY,
  Gelu: UNARY,
  Greater: BROADCAST,
  GreaterOrEqual: BROADCAST,
  HardSigmoid: UNARY,
  HardSwish: UNARY,
  IsInf: UNARY,
  IsNaN: UNARY,
  LeakyRelu: UNARY,
  Less: BROADCAST,
  LessOrEqual: BROADCAST,
  Log: UNARY,
  Max: BROADCAST,
  Mean: BROADCAST,
  Min: BROADCAST,
  Mish: UNARY,
  Mod: BROADCAST,
  Mul: BROADCAST,
  Neg: UNARY,
  Not: UNARY,
  Or: BROADCAST,
  PRelu: PRELU,
  Pow: BROADCAST,
  Reciprocal: UNARY,
  Relu: UNARY,
  Round: UNARY,
  Selu: UNARY,
  Shrink: UNARY,
  Sigmoid: UNARY,
  Sign: UNARY,
  Sin: UNARY,
  Sinh: UNARY,
  Softplus: UNARY,
  Softsign: UNARY,
  Sqrt: UNARY,
  Sub: BROADCAST,
  Sum: BROADCAST,
  Swish: UNARY,
  Tan: UNARY,
  Tanh: UNARY,
  ThresholdedRelu: UNARY,
  Where: BROADCAST,
  Xor: BROADCAST,
};
