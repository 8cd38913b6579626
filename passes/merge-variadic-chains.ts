import { present } from "../src/base/assert.js";
import type { SpecialValue } from "../src/base/special-values.js";
import { type DType, INTEGER_RANGES, isFloat } from "../src/ir/dtype.js";
import type { Node, Value } from "../src/ir/graph.js";
import { tensorFromNumbers } from "../src/ir/tensor.js";
import { type Flattened, flatten, isNested, type NestedIn, namesOf } from "../src/rewrite/nested.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { replaceNode } from "../src/rewrite/replace-node.js";
import type { Rewriter } from "../src/rewrite/rewriter.js";
import { constantTensor } from "../src/rules/constants.js";
import { sameShape } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";

/**
 * Merge nested Max, Min or Sum, and leave out operands that cannot change the result.
 *
 *   before   a = Max(x, y)  b = Max(a, -inf)  z = Max(b, x, 1, 2)
 *   after    z = Max(x, y, 2)
 *
 * A Max of Maxes is the Max of all operands, also of NaN; a repeated operand, or the least number of the type, changes
 * nothing; constants of one element become one. A nested Sum is merged where the terms are still added in the same order.
 *
 * Requires   one graph; an operand that is left out does not broadcast the result
 * Refuses    nothing: a nested operator stays where others read it too
 * Numerics   exact, but for the sign of a zero that is the extreme
 */
export const mergeVariadicChains: Pass = {
  kind: "rules",
  name: "merge-variadic-chains",
  summary: "Nested Max, Min and Sum become one, without operands that cannot change the result",
  before: "a = Max(x, y)  z = Max(a, x, -inf)",
  after: "z = Max(x, y)",
  numerics: "exact",
  specials: {
    mayChange: ["negative-zero"],
    because: "the zero that a Max or Min gives depends on the order of its operands",
  },
  order: {
    after: {
      "fuse-exact-operators": "a Max of three operands is no Relu any more, and with a Min behind it no Clip",
    },
  },
  rules: [
    { operators: ["Max", "Min", "Sum"], match: join },
    { operators: ["Max", "Min"], match: mergeConstants },
    { operators: ["Max", "Min"], match: leaveOut },
  ],
};

function operandsOf(node: Node): readonly Value[] | undefined {
  const operands = node.inputs.filter((value) => value !== null);
  return operands.length === node.inputs.length && !node.hasReferences ? operands : undefined;
}

function join(node: Node, { facts }: View): Proposal | undefined {
  const { opType } = node;
  if (!node.is("Max", "Min", "Sum") || operandsOf(node) === undefined || node.output(0) === undefined)
    return undefined;
  const nestedIn: NestedIn = (value, index, outer) => nestedOperator(value, index, outer, facts);
  if (isNested(node, nestedIn)) return undefined;
  const { operands: inputs, gone } = node.is("Sum") ? flattenSum(node, nestedIn) : flatten(node, nestedIn);
  if (gone.length === 0) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} takes the operands of ${namesOf(gone)}`,
    mayChange: node.is("Sum") ? [] : zerosOf(node, facts),
    apply: (rewriter) => replaceNode(rewriter, node, { opType, inputs }, gone),
  };
}

function nestedOperator(value: Value, index: number, outer: Node, facts: Facts): Node | undefined {
  const inner = value.producer;
  const { opType } = outer;
  if (!inner?.sharesOperator(outer) || inner.graph !== outer.graph || value.uses.size !== 1) return undefined;
  if (operandsOf(inner) === undefined || facts.isCall(inner)) return undefined;
  if (opType !== "Sum") return inner;
  // a + (b + c) equals (b + c) + a; with more terms in front, rounding would differ.
  const other = index === 1 ? outer.input(0) : undefined;
  const isFirst = other === undefined || nestedOperator(other, 0, outer, facts) === undefined;
  return index < 2 && isFirst ? inner : undefined;
}

/** The innermost terms come first, because they are added first. */
function flattenSum(node: Node, nestedIn: NestedIn): Flattened {
  const gone: Node[] = [];
  const rest: (readonly (Value | null)[])[] = [];
  let current = node;
  for (let next: Node | undefined = node; next !== undefined; ) {
    current = next;
    const { inputs }: Node = current;
    const at: number = inputs.findIndex((value, index) => value !== null && nestedIn(value, index, current));
    next = inputs[at]?.producer;
    if (next === undefined) continue;
    gone.push(next);
    rest.push(inputs.toSpliced(at, 1));
  }
  return { operands: [...current.inputs, ...rest.reverse().flat()], gone };
}

/** Replaces the constants of one element of a Max or Min by the one that decides. */
function mergeConstants(node: Node, { facts }: View): Proposal | undefined {
  const operands = operandsOf(node);
  const output = node.output(0);
  const dtype = output === undefined ? undefined : facts.dtype(output);
  if (!node.is("Max", "Min") || operands === undefined || dtype === undefined) return undefined;
  const scalars = operands.filter((value) => constantTensor(value)?.size === 1);
  const known = scalars
    .flatMap((value) => facts.numbers(value) ?? [])
    .filter((number) => isExact(number, dtype));
  if (scalars.length < 2 || known.length < scalars.length) return undefined;
  const extreme = (node.is("Max") ? Math.max : Math.min)(...known);
  const rank = Math.max(...scalars.map((value) => constantTensor(value)?.dims.length ?? 0));
  const others = operands.filter((value) => !scalars.includes(value));
  return {
    kind: "rewrite",
    summary: `${node.label} has one constant, ${extreme}, for ${scalars.length}`,
    mayChange: zerosOf(node, facts),
    apply: (rewriter) => {
      const one = addScalar(rewriter, node, dtype, rank, extreme);
      replaceNode(rewriter, node, { opType: node.opType, inputs: [...others, one] });
    },
  };
}

function isExact(number: number, dtype: DType): boolean {
  return !Number.isNaN(number) && (Number.isSafeInteger(number) || !/int64$/.test(dtype));
}

function addScalar(rewriter: Rewriter, node: Node, dtype: DType, rank: number, number: number): Value {
  const graph = present(node.graph, `${node.label} is removed`);
  const tensor = tensorFromNumbers(dtype, new Array<number>(rank).fill(1), [number]);
  return rewriter.addConstant(graph, `${node.output(0)?.name ?? node.opType}_bound`, tensor, node);
}

function leaveOut(node: Node, { facts }: View): Proposal | undefined {
  const [operands, output] = [operandsOf(node), node.output(0)];
  if (!node.is("Max", "Min") || operands === undefined || output === undefined) return undefined;
  const wanted = [...new Set(operands)].filter((value) => !decidesNothing(value, node, facts));
  const shape = facts.shape(output);
  const isWhole = wanted.some((value) => sameShape(facts.shape(value), shape));
  const left = isWhole ? wanted : [...new Set(operands)];
  if (left.length === operands.length) return undefined;
  const count = operands.length - left.length;
  return {
    kind: "rewrite",
    summary: `${node.label} does without ${count} operand${count > 1 ? "s" : ""} that decide${count > 1 ? "" : "s"} nothing`,
    mayChange: new Set(operands).size < operands.length ? zerosOf(node, facts) : [],
    apply: (rewriter) => replaceNode(rewriter, node, { opType: node.opType, inputs: left }),
  };
}

/** Of 0 and -0 a Max or Min gives the one or the other by their order; integers have no -0. */
function zerosOf(node: Node, facts: Facts): readonly SpecialValue[] {
  const output = node.output(0);
  const dtype = output && facts.dtype(output);
  return dtype === undefined || isFloat(dtype) ? ["negative-zero"] : [];
}

/** The least and the largest number of each type; those of int64 are missing, because a double cannot hold them exactly. */
const LIMITS: Partial<Record<DType, readonly [number, number]>> = {
  float: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  double: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  float16: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  ...INTEGER_RANGES,
};

/** Whether each element is the extreme of its type. */
function decidesNothing(value: Value, node: Node, facts: Facts): boolean {
  const limits = LIMITS[facts.dtype(value) ?? "undefined"];
  const limit = limits?.[node.is("Max") ? 0 : 1];
  const numbers = facts.numbers(value) ?? [];
  return numbers.length > 0 && numbers.every((number) => number === limit);
}
