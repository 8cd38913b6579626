import type { Refusal } from "../src/base/refusal.js";
import type { Node, Value } from "../src/ir/graph.js";
import { declarationOf, hasTrait, OPERATOR_NAMES, OPERATORS } from "../src/ops/catalogue.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { isAll } from "../src/rules/constants.js";
import { sameDim, sameShape } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";

const OPERATORS_WITH_NEUTRAL = OPERATOR_NAMES.filter((name) => OPERATORS[name].neutral !== undefined);

/**
 * Remove operators whose other operand is their neutral element.
 *
 *   before   y = And(x, true)
 *            z = Not(y)
 *   after    z = Not(x)
 *
 * Add and Sub of 0 (of whole numbers: -0 + 0 is 0), Mul and Div by 1, Pow 1, And true, Or and Xor false. Scales and shifts
 * that differ by channel are eliminate-neutral-affine's. A ScatterND that overwrites every row in order gives the updates.
 *
 * Requires   a constant that is neutral in every element; types and shapes proven equal; opset 7, since when operands broadcast
 * Refuses    a graph output whose name x cannot take
 * Numerics   exact
 */
export const eliminateNeutralOperands: Pass = {
  kind: "rules",
  name: "eliminate-neutral-operands",
  summary: "Add of 0, Mul by 1, Pow 1, And true, a ScatterND of all rows and the like are removed",
  before: "y = And(x, true)  z = Not(y)",
  after: "z = Not(x)",
  numerics: "exact",
  specials: {
    mayChange: ["negative-zero"],
    because:
      "x - -0 is 0 for -0, and so is what onnxruntime's Where chooses; the other neutral elements keep it",
  },
  order: "any place",
  rules: [
    { operators: OPERATORS_WITH_NEUTRAL, match },
    { operators: ["ScatterND"], match: matchScatter },
    { operators: ["Where"], match: matchWhere },
  ],
};

function matchScatter(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [data, indices, updates, output] = [node.input(0), node.input(1), node.input(2), node.output(0)];
  if (data === undefined || indices === undefined || updates === undefined || output === undefined)
    return undefined;
  if (node.hasReferences || node.string("reduction", "none") !== "none") return undefined;
  const shape = facts.shape(data);
  const [rows, width, ...more] = facts.shape(indices) ?? [];
  if (shape?.[0] === undefined || rows === undefined || width !== 1 || more.length > 0) return undefined;
  if (!sameDim(rows, shape[0]) || !sameShape(facts.shape(updates), shape)) return undefined;
  return countsUp(indices, facts)
    ? readThrough(node, output, updates, "overwrites every row", [])
    : undefined;
}

/** Where of one value twice. */
function matchWhere(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [input, other, output] = [node.input(1), node.input(2), node.output(0)];
  if (input === undefined || input !== other || output === undefined || node.hasReferences) return undefined;
  if (facts.isCall(node) || !sameShape(facts.shape(input), facts.shape(output))) return undefined;
  return readThrough(node, output, input, "chooses between equals", ["negative-zero"]);
}

/** Whether the elements are 0, 1, 2 and so on, as numbers or as a Range in another shape. */
function countsUp(value: Value, facts: Facts): boolean {
  const numbers = facts.numbers(value);
  if (numbers !== undefined) return numbers.every((number, place) => number === place);
  let source: Value | undefined = value;
  while (source?.producer !== undefined && isViewOf(source.producer, facts))
    source = source.producer.input(0);
  const range = source?.producer;
  if (range === undefined || !range.is("Range") || facts.isCall(range)) return false;
  return isAll(range.input(0), 0, facts) && isAll(range.input(2), 1, facts);
}

function isViewOf(node: Node, facts: Facts): boolean {
  return (hasTrait(node, "view") || node.is("Identity")) && !facts.isCall(node);
}

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [input, output] = [besideNeutral(node, facts), node.output(0)];
  if (input === undefined || output === undefined || node.hasReferences) return undefined;
  if (!sameShape(facts.shape(input), facts.shape(output))) return undefined;
  const dtype = facts.dtype(input);
  if (dtype === undefined || dtype !== facts.dtype(output)) return undefined;
  return readThrough(
    node,
    output,
    input,
    "changes nothing",
    subtractsMinusZero(node, facts) ? undefined : [],
  );
}

/** x - -0 is x + 0. */
function subtractsMinusZero(node: Node, facts: Facts): boolean {
  const [, right] = node.inputs;
  return node.is("Sub") && !!right && (facts.numbers(right)?.some((zero) => Object.is(zero, -0)) ?? true);
}

function besideNeutral(node: Node, facts: Facts): Value | undefined {
  const neutral = declarationOf(node)?.neutral;
  const [left, right] = [node.input(0), node.input(1)];
  if (neutral === undefined || left === undefined || right === undefined) return undefined;
  // Before opset 7 operators broadcast on request only, and by other rules.
  if ((facts.opset(node) ?? 0) < 7) return undefined;
  // -0 + 0 is 0.
  if (node.is("Add") && !/int/.test(facts.dtype(left) ?? "")) return undefined;
  if (isAll(right, neutral, facts)) return left;
  return hasTrait(node, "commutative") && isAll(left, neutral, facts) ? right : undefined;
}
