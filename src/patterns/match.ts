import type { DType } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { operatorsWith, standardOperator } from "../ops/catalogue.js";
import type { Facts } from "../rules/facts.js";

/**
 * Patterns over the expression that ends in a value. A Matcher gives every way to read the value, so that operands in
 * either order, and scalar factors wherever an exporter put them, need no patterns of their own.
 */
export interface Matcher {
  /** The operators that what it reads can end in; undefined: any value. Most nodes are turned away by these alone. */
  readonly ends: Ends;
  readonly read: (value: Value, found: Found, context: Context) => Iterable<Found>;
}

type Ends = ReadonlySet<string> | undefined;

function endsIn(matcher: Matcher, value: Value): boolean {
  if (matcher.ends === undefined) return true;
  const { producer } = value;
  return producer !== undefined && matcher.ends.has(producer.opType);
}

function anyOf(...all: readonly Ends[]): Ends {
  const ends = new Set<string>();
  for (const own of all) {
    if (own === undefined) return undefined;
    for (const opType of own) ends.add(opType);
  }
  return ends;
}

/** What a scalar constant is combined with a value by. */
const SCALAR_OPERATORS: ReadonlySet<StandardOperator> = new Set([
  ...operatorsWith("arithmetic"),
  "Neg",
] as const);
/** The ends of a product of several factors. */
const PRODUCTS: ReadonlySet<StandardOperator> = new Set([...SCALAR_OPERATORS, "Pow"] as const);

const NONE: readonly Found[] = [];

/** What the matcher reads of the value; nothing at once where it cannot be. */
function readings(matcher: Matcher, value: Value, found: Found, context: Context): Iterable<Found> {
  return endsIn(matcher, value) ? matcher.read(value, found, context) : NONE;
}

/** One reading so far. */
export interface Found {
  readonly values: ReadonlyMap<string, Value>;
  readonly numbers: ReadonlyMap<string, number>;
  readonly nodes: ReadonlySet<Node>;
}

/** What is the same for all readings of one node. */
export interface Context {
  readonly facts: Facts;
  readonly root: Node;
  /** The element type of the result. */
  readonly dtype: DType | undefined;
  readonly opset: number;
}

export const NOTHING: Found = { values: new Map(), numbers: new Map(), nodes: new Set() };

/** What a spelled constant may be off by: it was rounded to the type of the computation, or printed with seven digits. */
const CLOSENESS: Partial<Record<DType, number>> = { float: 1e-6, float16: 1.5e-3, double: 1e-14 };

export function near(actual: number | undefined, expected: number, { dtype }: Context): boolean {
  if (actual === undefined) return false;
  const tolerance = (dtype === undefined ? undefined : CLOSENESS[dtype]) ?? 0;
  return Math.abs(actual - expected) <= tolerance * Math.abs(expected);
}

/** Scalar factors and summands around one value; exporters write two or three. */
const MAX_STEPS = 4;

/** Any value, the same one wherever the name is. */
export function any(name: string): Matcher {
  return bound(name, { ends: undefined, read: (_, found) => [found] });
}

/** What the matcher reads, the same value wherever the name is. */
export function bound(name: string, inner: Matcher): Matcher {
  return {
    ends: inner.ends,
    read(value, found, context) {
      const known = found.values.get(name);
      if (known !== undefined) return known === value ? [found] : NONE;
      return inner.read(value, { ...found, values: new Map(found.values).set(name, value) }, context);
    },
  };
}

export function either(...choices: readonly Matcher[]): Matcher {
  return {
    ends: anyOf(...choices.map(({ ends }) => ends)),
    *read(value, found, context) {
      for (const choice of choices) yield* readings(choice, value, found, context);
    },
  };
}

export type NodeTest = (node: Node, context: Context) => boolean;

/** An operator with these inputs, in this order; inputs that no matcher is for are not looked at. */
export function op(opType: StandardOperator, inputs: readonly Matcher[], test?: NodeTest): Matcher {
  return {
    ends: new Set([opType]),
    read(value, found, context) {
      const node = producerOf(value, opType, context);
      if (node === undefined || !canBe(node.inputs, inputs) || test?.(node, context) === false) return NONE;
      return inOrder(node.inputs, inputs, withNode(found, node), context);
    },
  };
}

/** Whether each matcher may read the value in its place. */
function canBe(values: readonly (Value | null)[], matchers: readonly Matcher[]): boolean {
  return matchers.every((matcher, i) => {
    const value = values[i];
    return value !== undefined && value !== null && endsIn(matcher, value);
  });
}

/** An operator of two operands in either order. */
export function commutative(opType: StandardOperator, a: Matcher, b: Matcher): Matcher {
  const operands = [a, b];
  return {
    ends: new Set([opType]),
    *read(value, found, context) {
      const node = producerOf(value, opType, context);
      const [first, second] = node?.inputs ?? [];
      if (node?.inputs.length !== 2 || !first || !second) return;
      const orders =
        first === second
          ? [[first, second]]
          : [
              [first, second],
              [second, first],
            ];
      for (const order of orders) {
        if (canBe(order, operands)) yield* inOrder(order, operands, withNode(found, node), context);
      }
    },
  };
}

/** A product of the factors, in any order and grouping, with scalar factors anywhere: together they are `coefficient`. */
export function product(factors: readonly Matcher[], coefficient: string): Matcher {
  const [only] = factors;
  const isOne = factors.length === 1;
  return {
    ends: isOne ? anyOf(SCALAR_OPERATORS, only?.ends) : PRODUCTS,
    *read(value, found, context) {
      for (const term of terms(value, factors.length, MAX_STEPS, context)) {
        // Most terms come to nothing, and this is asked of every node.
        if (!factors.every((factor) => term.factors.some((own) => endsIn(factor, own)))) continue;
        for (const next of inAnyOrder(term.factors, factors, withNodes(found, term.nodes), context)) {
          yield withNumber(next, coefficient, term.coefficient);
        }
      }
    },
  };
}

/** `scale` times what the matcher reads, plus `shift`, in any spelling with scalars. */
export function affine(inner: Matcher, scale: string, shift: string): Matcher {
  return {
    ends: anyOf(SCALAR_OPERATORS, inner.ends),
    *read(value, found, context) {
      const steps: { at: Value; a: number; b: number; nodes: readonly Node[] }[] = [];
      let [at, a, b, nodes]: [Value, number, number, readonly Node[]] = [value, 1, 0, []];
      while (steps.length <= MAX_STEPS) {
        steps.push({ at, a, b, nodes });
        const step = scalarStep(at, context);
        if (step === undefined) break;
        [at, a, b, nodes] = [step.input, a * step.scale, a * step.shift + b, [...nodes, step.node]];
      }
      // The longest reading first: it leaves the fewest operators.
      for (const step of steps.reverse()) {
        if (!endsIn(inner, step.at)) continue;
        for (const next of inner.read(step.at, withNodes(found, step.nodes), context)) {
          yield withNumber(withNumber(next, scale, step.a), shift, step.b);
        }
      }
    },
  };
}

/** A scalar constant. */
export function scalar(name: string): Matcher {
  return {
    ends: undefined,
    read(value, found, { facts }) {
      const number = facts.numbers(value);
      const [only] = number ?? [];
      const isScalar = only !== undefined && number?.length === 1 && facts.rank(value) !== undefined;
      return isScalar ? [withNumber(found, name, only)] : NONE;
    },
  };
}

/** What the matcher reads between the numbers `low` and `high`: Clip, Min with Max, or Relu with Min. */
export function clipped(inner: Matcher): Matcher {
  const [low, high] = [bound("low bound", scalar("low")), bound("high bound", scalar("high"))];
  const most = commutative("Min", inner, high);
  return either(
    clip(inner),
    commutative("Min", either(commutative("Max", inner, low), relu(inner)), high),
    commutative("Max", most, low),
    relu(most),
  );
}

function relu(inner: Matcher): Matcher {
  const { ends, read } = op("Relu", [inner]);
  return { ends, read: (value, found, context) => read(value, withNumber(found, "low", 0), context) };
}

function clip(inner: Matcher): Matcher {
  return {
    ends: new Set(["Clip"]),
    read(value, found, context) {
      const node = producerOf(value, "Clip", context);
      const input = node?.input(0);
      if (node === undefined || input === undefined) return NONE;
      const numberOf = (index: number, name: string, open: number): number | undefined => {
        const given = node.input(index);
        return given === undefined ? node.float(name, open) : context.facts.numbers(given)?.[0];
      };
      const low = numberOf(1, "min", Number.NEGATIVE_INFINITY);
      const high = numberOf(2, "max", Number.POSITIVE_INFINITY);
      if (low === undefined || high === undefined) return NONE;
      const next = withNumber(withNumber(withNode(found, node), "low", low), "high", high);
      return readings(inner, input, next, context);
    },
  };
}

/** Whether the bounds that Min and Max were given leave the shape of `input` as it is. */
export function boundsKeepShape(found: Found, input: Value, facts: Facts): boolean {
  return ["low bound", "high bound"].every((name) => {
    const value = found.values.get(name);
    return value === undefined || scalarBeside(value, input, facts) !== undefined;
  });
}

/** The first reading that `accept` makes something of. */
export function firstReading<T>(
  matcher: Matcher,
  context: Context,
  accept: (found: Found) => T | undefined,
): T | undefined {
  const value = context.root.output(0);
  if (value === undefined) return undefined;
  for (const found of readings(matcher, value, NOTHING, context)) {
    const result = accept(found);
    if (result !== undefined) return result;
  }
  return undefined;
}

export function withNumber(found: Found, name: string, number: number): Found {
  return { ...found, numbers: new Map(found.numbers).set(name, number) };
}

function withNode(found: Found, node: Node): Found {
  return withNodes(found, [node]);
}

function withNodes(found: Found, nodes: readonly Node[]): Found {
  return nodes.length === 0 ? found : { ...found, nodes: new Set([...found.nodes, ...nodes]) };
}

/** The node that gives the value when it is an operator of this type in the root's graph. */
export function producerOf(
  value: Value,
  opType: StandardOperator,
  { root, facts }: Context,
): Node | undefined {
  const node = value.producer;
  if (node?.opType !== opType || !node.is(opType) || node.graph !== root.graph) return undefined;
  if (node.hasReferences || facts.isCall(node)) return undefined;
  return node.outputs.length === 1 ? node : undefined;
}

function* inOrder(
  values: readonly (Value | null)[],
  matchers: readonly Matcher[],
  found: Found,
  context: Context,
): Iterable<Found> {
  const [matcher, ...rest] = matchers;
  if (matcher === undefined) {
    yield found;
    return;
  }
  const [value, ...others] = values;
  if (!value) return;
  for (const next of readings(matcher, value, found, context)) yield* inOrder(others, rest, next, context);
}

function* inAnyOrder(
  values: readonly Value[],
  matchers: readonly Matcher[],
  found: Found,
  context: Context,
): Iterable<Found> {
  const [matcher, ...rest] = matchers;
  if (matcher === undefined) {
    yield found;
    return;
  }
  for (const [index, value] of values.entries()) {
    if (values.indexOf(value) !== index) continue;
    const others = values.filter((_, other) => other !== index);
    for (const next of readings(matcher, value, found, context))
      yield* inAnyOrder(others, rest, next, context);
  }
}

interface ScalarStep {
  readonly node: Node;
  readonly input: Value;
  readonly scale: number;
  readonly shift: number;
}

/** The value as scale * input + shift, when an operator with a scalar constant gives it. */
function scalarStep(value: Value, context: Context): ScalarStep | undefined {
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

/** The only element of a constant that does not change the shape of what it is combined with: [1,1] makes [5] a matrix. */
export function scalarBeside(value: Value, other: Value, facts: Facts): number | undefined {
  const numbers = facts.numbers(value);
  const rank = facts.rank(value);
  if (numbers?.length !== 1 || rank === undefined) return undefined;
  if (rank > 0 && rank > (facts.rank(other) ?? 0)) return undefined;
  return numbers[0];
}

interface Term {
  readonly coefficient: number;
  readonly factors: readonly Value[];
  readonly nodes: readonly Node[];
}

/** Every way to read the value as a product of `count` factors and scalars. */
function* terms(value: Value, count: number, steps: number, context: Context): Iterable<Term> {
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
