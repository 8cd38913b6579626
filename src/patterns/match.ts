import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import type { Facts } from "../rules/facts.js";
import { type Context, type Found, NOTHING, producerOf, withNode, withNodes, withNumber } from "./found.js";
import { PRODUCTS, SCALAR_OPERATORS, scalarBeside, scalarStep, terms } from "./scalar-terms.js";

/**
 * A pattern over the expression that ends in a value. It yields every way to read the value, so that operands in either
 * order, and scalar factors in any place, need no patterns of their own.
 */
export interface Matcher {
  /** The operators that a matching expression can end in; undefined: any value. Most nodes are rejected by these alone. */
  readonly ends: Ends;
  readonly read: (value: Value, found: Found, context: Context) => Iterable<Found>;
  /**
   * Whether an expression that matches can be made of the operators of a model; undefined: nothing is known. A convolutional
   * network has no Erf, so that nothing in it need be looked at for a Gelu.
   */
  readonly isPossible?: (has: HasOperator) => boolean;
}

/** Whether the model around has the operator. */
export type HasOperator = (opType: StandardOperator) => boolean;

/** Whether a matcher may match something in such a model. */
export function isPossible({ isPossible: known }: Matcher, has: HasOperator): boolean {
  return known?.(has) ?? true;
}

function arePossible(matchers: readonly Matcher[]): (has: HasOperator) => boolean {
  return (has) => matchers.every((matcher) => isPossible(matcher, has));
}

type Ends = ReadonlySet<StandardOperator> | undefined;

function endsIn(matcher: Matcher, value: Value): boolean {
  const ends: ReadonlySet<string> | undefined = matcher.ends;
  if (ends === undefined) return true;
  const { producer } = value;
  return producer !== undefined && ends.has(producer.opType);
}

function anyOf(...all: readonly Ends[]): Ends {
  const ends = new Set<StandardOperator>();
  for (const own of all) {
    if (own === undefined) return undefined;
    for (const opType of own) ends.add(opType);
  }
  return ends;
}

const NONE: readonly Found[] = [];

/** The ways the matcher reads the value; none, without a search, where the operator does not fit. */
function readings(matcher: Matcher, value: Value, found: Found, context: Context): Iterable<Found> {
  return endsIn(matcher, value) ? matcher.read(value, found, context) : NONE;
}

/** The most scalar factors and summands around one value; exporters write two or three. */
const MAX_STEPS = 4;

/** Any value, but the same one at all places with this name. */
export function any(name: string): Matcher {
  return bound(name, { ends: undefined, read: (_, found) => [found] });
}

/** A value that the inner matcher reads, but the same one at all places with this name. */
export function bound(name: string, inner: Matcher): Matcher {
  return {
    ends: inner.ends,
    isPossible: arePossible([inner]),
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
    isPossible: (has) => choices.some((choice) => isPossible(choice, has)),
    *read(value, found, context) {
      for (const choice of choices) yield* readings(choice, value, found, context);
    },
  };
}

export type NodeTest = (node: Node, context: Context) => boolean;

/** An operator with these inputs, in this order; further inputs are not looked at. */
export function op(opType: StandardOperator, inputs: readonly Matcher[], test?: NodeTest): Matcher {
  return {
    ends: new Set([opType]),
    isPossible: (has) => has(opType) && arePossible(inputs)(has),
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
    isPossible: (has) => has(opType) && arePossible(operands)(has),
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

/** A product of the factors in any order and grouping, with scalar factors anywhere, whose product becomes `coefficient`. */
export function product(factors: readonly Matcher[], coefficient: string): Matcher {
  const [only] = factors;
  const isOne = factors.length === 1;
  return {
    ends: isOne ? anyOf(SCALAR_OPERATORS, only?.ends) : PRODUCTS,
    isPossible: arePossible(factors),
    *read(value, found, context) {
      for (const term of terms(value, factors.length, MAX_STEPS, context)) {
        // Rejects most terms early, because this runs for every node.
        if (!factors.every((factor) => term.factors.some((own) => endsIn(factor, own)))) continue;
        for (const next of inAnyOrder(term.factors, factors, withNodes(found, term.nodes), context)) {
          yield withNumber(next, coefficient, term.coefficient);
        }
      }
    },
  };
}

/** `scale` times the inner expression, plus `shift`, in any spelling with scalars. */
export function affine(inner: Matcher, scale: string, shift: string): Matcher {
  return {
    ends: anyOf(SCALAR_OPERATORS, inner.ends),
    isPossible: arePossible([inner]),
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

/** The inner expression limited to `low` and `high`: by Clip, Min with Max, or Relu with Min. */
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
  const { read, ...rest } = op("Relu", [inner]);
  return { ...rest, read: (value, found, context) => read(value, withNumber(found, "low", 0), context) };
}

function clip(inner: Matcher): Matcher {
  return {
    ends: new Set(["Clip"]),
    isPossible: (has) => has("Clip") && isPossible(inner, has),
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

/** Whether the bounds given to Min and Max keep the shape of `input`. */
export function boundsKeepShape(found: Found, input: Value, facts: Facts): boolean {
  return ["low bound", "high bound"].every((name) => {
    const value = found.values.get(name);
    return value === undefined || scalarBeside(value, input, facts) !== undefined;
  });
}

/** The result of `accept` for the first reading that it accepts. */
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
