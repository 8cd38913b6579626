import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { operatorsWith, standardOperator } from "../ops/catalogue.js";
import type { Facts } from "../rules/facts.js";
import { type Context, producerOf } from "./found.js";

/** The operators that combine a scalar constant with a value. */
export const SCALAR_OPERATORS: ReadonlySet<StandardOperator> = new Set([
  ...operatorsWith("arithmetic"),
  "Neg",
] as const);
/** The operators that a product of several factors can end in. */
export const PRODUCTS: ReadonlySet<StandardOperator> = new Set([...SCALAR_OPERATORS, "Pow"] as const);

export interface ScalarStep {
  readonly node: Node;
  readonly input: Value;
  readonly scale: number;
  readonly shift: number;
}

/** The value as scale * input + shift, if an operator with a scalar constant computes it. */
export function scalarStep(value: Value, context: Context): ScalarStep | undefined {
  const opType = value.producer && standardOperator(value.producer);
  if (opType === undefined || !SCALAR_OPERATORS.has(opType)) return undefined;
  const node = producerOf(value, opType, context);
  const [first, second] = [node?.input(0), node?.input(1)];
  if (node === undefined || first === undefined) return undefined;
  if (opType === "Neg") return { node, input: first, scale: -1, shift: 0 };
  if (second === undefined) return undefined;
  const right = scalarBeside(second, first, context.facts);
  if (right !== undefined) {
    if (opType === "Mul") return { node, input: first, scale: right, shift: 0 };
    if (opType === "Div") return { node, input: first, scale: 1 / right, shift: 0 };
    return { node, input: first, scale: 1, shift: opType === "Sub" ? -right : right };
  }
  const left = opType === "Div" ? undefined : scalarBeside(first, second, context.facts);
  if (left === undefined) return undefined;
  if (opType === "Mul") return { node, input: second, scale: left, shift: 0 };
  return { node, input: second, scale: opType === "Sub" ? -1 : 1, shift: left };
}

/** The only element of a constant, unless the constant changes the shape of `other`: [1,1] makes [5] a matrix. */
export function scalarBeside(value: Value, other: Value, facts: Facts): number | undefined {
  const numbers = facts.numbers(value);
  const rank = facts.rank(value);
  if (numbers?.length !== 1 || rank === undefined) return undefined;
  if (rank > 0 && rank > (facts.rank(other) ?? 0)) return undefined;
  return numbers[0];
}

export interface Term {
  readonly coefficient: number;
  readonly factors: readonly Value[];
  readonly nodes: readonly Node[];
}

/** Every way to read the value as a product of `count` factors and scalars. */
export function* terms(value: Value, count: number, steps: number, context: Context): Iterable<Term> {
  const step = scalarStep(value, context);
  if (step !== undefined && step.shift === 0 && steps > 0) {
    for (const term of terms(step.input, count, steps - 1, context)) {
      const { coefficient, factors, nodes } = term;
      yield { coefficient: coefficient * step.scale, factors, nodes: [...nodes, step.node] };
    }
  }
  if (count === 1) yield { coefficient: 1, factors: [value], nodes: [] };
  if (count === 1 || step !== undefined) return;
  yield* powers(value, count, context);
  const node = producerOf(value, "Mul", context);
  const [a, b] = [node?.input(0), node?.input(1)];
  if (node === undefined || a === undefined || b === undefined) return;
  for (let left = 1; left < count; left++) {
    for (const x of terms(a, left, steps, context)) {
      for (const y of terms(b, count - left, steps, context)) {
        const nodes = [...x.nodes, ...y.nodes, node];
        yield { coefficient: x.coefficient * y.coefficient, factors: [...x.factors, ...y.factors], nodes };
      }
    }
  }
}

function* powers(value: Value, count: number, context: Context): Iterable<Term> {
  const node = producerOf(value, "Pow", context);
  const [base, exponent] = [node?.input(0), node?.input(1)];
  if (node === undefined || base === undefined || exponent === undefined) return;
  if (scalarBeside(exponent, base, context.facts) !== count) return;
  yield { coefficient: 1, factors: Array.from({ length: count }, () => base), nodes: [node] };
}
