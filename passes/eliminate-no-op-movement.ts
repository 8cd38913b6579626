import type { Refusal } from "../src/base/refusal.js";
import type { Node, Value } from "../src/ir/graph.js";
import type { StandardOperator } from "../src/ir/operator-name.js";
import { rowOf } from "../src/ops/catalogue.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { isAll } from "../src/rules/constants.js";
import { sameShape } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";

/** Whether the output of the node equals its first input. */
type IsNoOp = (node: Node, input: Value, output: Value, facts: Facts) => boolean;

const keepsShape: IsNoOp = (_, input, output, facts) => sameShape(facts.shape(input), facts.shape(output));

const NO_OPS: ReadonlyMap<StandardOperator, IsNoOp> = new Map<StandardOperator, IsNoOp>([
  ["Cast", (_, input, output, facts) => isSameType(facts.dtype(input), facts.dtype(output))],
  ["Expand", keepsShape],
  ["Flatten", keepsShape],
  [
    "Gather",
    (node, input, output, facts) => keepsShape(node, input, output, facts) && takesAll(node, input, facts),
  ],
  ["Pad", (node, _, __, facts) => padsOf(node, facts)?.every((pad) => pad === 0) ?? false],
  ["Reshape", keepsShape],
  [
    "Slice",
    (node, input, output, facts) => keepsShape(node, input, output, facts) && goesForward(node, facts),
  ],
  [
    "Split",
    (node, input, output, facts) => node.outputs.length === 1 && keepsShape(node, input, output, facts),
  ],
  ["Squeeze", keepsShape],
  ["Tile", keepsShape],
  ["Transpose", (node, input, _, facts) => keepsOrder(node, facts.rank(input))],
  ["Unsqueeze", keepsShape],
]);

/**
 * Remove operators that could move or convert data, but change nothing as they are used.
 *
 *   before   s = Slice(x, 0, 48, axis 1)   # of a tensor with 48 channels
 *            y = Relu(s)
 *   after    y = Relu(x)
 *
 * Cast to the input's type; Reshape, Flatten, Squeeze, Unsqueeze, Expand and Tile to the input's shape; Slice of the whole
 * input; Transpose that keeps the order of the axes; Pad by nothing; Split into one part; Gather of all indices in order;
 * Where whose condition is the same everywhere.
 *
 * Requires   types and shapes proven equal; a symbolic size equals itself
 * Refuses    a graph output whose name the input cannot take
 * Numerics   exact, but for the sign of a zero that goes through Where
 */
export const eliminateNoOpMovement: Pass = {
  kind: "rules",
  name: "eliminate-no-op-movement",
  summary: "Cast, Reshape, Slice, Transpose, Pad, Expand, Tile that change nothing are removed",
  before: "s = Slice(x, 0, 48, axis 1)  y = Relu(s)  // x has 48 channels",
  after: "y = Relu(x)",
  numerics: "exact",
  specials: {
    mayChange: ["negative-zero"],
    because: "onnxruntime's Where makes 0 of -0; the others only copy elements",
  },
  order: {
    before: {
      "merge-view-chains": "a Reshape that changes nothing would become part of one with a target of its own",
    },
  },
  rules: [
    { operators: [...NO_OPS.keys()], match },
    { operators: ["Where"], match: matchWhere },
  ],
};

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const isNoOp = rowOf(NO_OPS, node);
  const [input, output] = [node.input(0), node.output(0)];
  if (isNoOp === undefined || input === undefined || output === undefined) return undefined;
  if (node.hasReferences || !isNoOp(node, input, output, facts)) return undefined;
  return readThrough(node, output, input, "changes nothing", []);
}

function matchWhere(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [input, output] = [chosen(node, facts), node.output(0)];
  if (input === undefined || output === undefined || node.hasReferences) return undefined;
  if (!sameShape(facts.shape(input), facts.shape(output))) return undefined;
  return readThrough(node, output, input, "changes nothing", ["negative-zero"]);
}

/** The operand that a Where takes all elements from, because its condition is the same everywhere. */
function chosen(node: Node, facts: Facts): Value | undefined {
  const condition = node.is("Where") ? node.input(0) : undefined;
  if (isAll(condition, 1, facts)) return node.input(1);
  return isAll(condition, 0, facts) ? node.input(2) : undefined;
}

/** Whether a Gather takes all indices in order, as many as the axis is long. */
function takesAll(node: Node, input: Value, facts: Facts): boolean {
  const [indices, shape] = [node.input(1), facts.shape(input)];
  const axis = node.int("axis", 0);
  const size = shape?.[axis < 0 ? axis + shape.length : axis];
  const numbers = indices === undefined ? undefined : facts.numbers(indices);
  if (numbers === undefined || numbers.length !== size || facts.rank(indices ?? input) !== 1) return false;
  return numbers.every((number, i) => number === i);
}

function isSameType<T>(a: T | undefined, b: T | undefined): boolean {
  return a !== undefined && a === b;
}

function padsOf(node: Node, facts: Facts): readonly number[] | undefined {
  const pads = node.input(1);
  return pads === undefined ? (node.ints("pads") ?? node.ints("paddings")) : facts.numbers(pads);
}

/** Whether all steps of a Slice are positive: a step of -1 keeps the shape but reverses the elements. */
function goesForward(node: Node, facts: Facts): boolean {
  const steps = node.input(4);
  return steps === undefined || (facts.numbers(steps)?.every((step) => step > 0) ?? false);
}

function keepsOrder(node: Node, rank: number | undefined): boolean {
  const perm = node.ints("perm");
  if (perm === undefined) return rank !== undefined && rank <= 1;
  return perm.every((axis, index) => axis === index);
}
