import type { Refusal } from "../src/base/refusal.js";
import type { Node, Value } from "../src/ir/graph.js";
import { declarationOf, hasTrait, OPERATOR_NAMES, OPERATORS } from "../src/ops/catalogue.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { isAll } from "../src/rules/constants.js";
import { sameShape } from "../src/rules/dims.js";
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
 * that differ by channel are eliminate-neutral-affine's.
 *
 * Requires   a constant that is neutral in every element; types and shapes proven equal; opset 7, since when operands broadcast
 * Refuses    a graph output whose name x cannot take
 * Numerics   exact
 */
export const eliminateNeutralOperands: Pass = {
  kind: "rules",
  name: "eliminate-neutral-operands",
  summary: "Add of 0, Mul by 1, Pow 1, And true, Or false and the like are removed",
  before: "y = And(x, true)  z = Not(y)",
  after: "z = Not(x)",
  numerics: "exact",
  specials: {
    mayChange: ["negative-zero"],
    because: "x - -0 is 0 for -0; the other neutral elements keep it",
  },
  order: "any place",
  rules: [{ operators: OPERATORS_WITH_NEUTRAL, match }],
};

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
