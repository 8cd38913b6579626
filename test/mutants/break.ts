import { present } from "../../src/base/assert.js";
import { isRefusal, type Refusal } from "../../src/base/refusal.js";
import { type AttributeInit, attribute } from "../../src/ir/attribute.js";
import type { Node } from "../../src/ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import type { Pass, Rule } from "../../src/rewrite/pass.js";
import type { Rewriter } from "../../src/rewrite/rewriter.js";
import type {
  Absorption,
  AffineFacets,
  LiftedAffine,
  Passage,
  PlacedMap,
} from "../../src/rules/affine/facet.js";
import { constantTensor } from "../../src/rules/constants.js";
import type { Facts } from "../../src/rules/facts.js";
import type { Break } from "./stage.js";

/** Breaks one facet from the outside: its arguments or its result. */
type Change<T> = (right: T, node: Node, placed: PlacedMap, facts: Facts) => T;

function unlessRefused<T>(result: T | Refusal, change: (right: T) => T): T | Refusal {
  return isRefusal(result) ? result : change(result);
}

export function lifts(change: (right: LiftedAffine) => LiftedAffine): Break<AffineFacets> {
  return ({ lift, ...rest }) => ({
    ...rest,
    lift: (node, facts) => {
      const lifted = present(lift, "it lifts")(node, facts);
      return lifted === undefined || isRefusal(lifted) ? lifted : change(lifted);
    },
  });
}

export function absorbs(change: Change<Absorption>): Break<AffineFacets> {
  return ({ absorbUp, ...rest }) => ({
    ...rest,
    absorbUp: (node, placed, facts) =>
      unlessRefused(present(absorbUp, "it absorbs")(node, placed, facts), (right) =>
        change(right, node, placed, facts),
      ),
  });
}

export function absorbsBelow(change: Change<Absorption>): Break<AffineFacets> {
  return ({ absorbDown, ...rest }) => ({
    ...rest,
    absorbDown: (node, index, placed, facts) =>
      unlessRefused(present(absorbDown, "it absorbs")(node, index, placed, facts), (right) =>
        change(right, node, placed, facts),
      ),
  });
}

export function passesUp(change: Change<readonly Passage[]>): Break<AffineFacets> {
  return ({ passUp, ...rest }) => ({
    ...rest,
    passUp: (node, placed, facts, output) =>
      unlessRefused(present(passUp, "it passes")(node, placed, facts, output), (right) =>
        change(right, node, placed, facts),
      ),
  });
}

export function passesDown(change: Change<PlacedMap>): Break<AffineFacets> {
  return ({ passDown, ...rest }) => ({
    ...rest,
    passDown: (node, index, placed, facts, output) =>
      unlessRefused(present(passDown, "it passes")(node, index, placed, facts, output), (right) =>
        change(right, node, placed, facts),
      ),
  });
}

/** Every map that comes in is mistaken for another. */
export function mistakes(change: (placed: PlacedMap, node: Node) => PlacedMap): Break<AffineFacets> {
  return ({ absorbUp, absorbDown, passUp, passDown, ...rest }) => ({
    ...rest,
    ...(absorbUp && { absorbUp: (node, placed, facts) => absorbUp(node, change(placed, node), facts) }),
    ...(absorbDown && {
      absorbDown: (node, index, placed, facts) => absorbDown(node, index, change(placed, node), facts),
    }),
    ...(passUp && {
      passUp: (node, placed, facts, output) => passUp(node, change(placed, node), facts, output),
    }),
    ...(passDown && {
      passDown: (node, index, placed, facts, output) =>
        passDown(node, index, change(placed, node), facts, output),
    }),
  });
}

/** Everything is let through as it is, whatever the operator. */
export const letsThrough: Break<AffineFacets> = (real) => ({
  ...real,
  passUp: (_, placed) => [new Map([[0, placed]])],
  passDown: (_, __, placed) => placed,
});

/** An attribute is taken to have another value, or, with undefined, not to be there. */
export function reads(name: string, init: AttributeInit | undefined): Break<AffineFacets> {
  return ({ lift, absorbUp, absorbDown, passUp, passDown, ...rest }) => ({
    ...rest,
    ...(lift && { lift: (node, facts) => pretending(node, name, init, () => lift(node, facts)) }),
    ...(absorbUp && {
      absorbUp: (node, placed, facts) => pretending(node, name, init, () => absorbUp(node, placed, facts)),
    }),
    ...(absorbDown && {
      absorbDown: (node, index, placed, facts) =>
        pretending(node, name, init, () => absorbDown(node, index, placed, facts)),
    }),
    ...(passUp && {
      passUp: (node, placed, facts, output) =>
        pretending(node, name, init, () => passUp(node, placed, facts, output)),
    }),
    ...(passDown && {
      passDown: (node, index, placed, facts, output) =>
        pretending(node, name, init, () => passDown(node, index, placed, facts, output)),
    }),
  });
}

export function pretending<T>(node: Node, name: string, init: AttributeInit | undefined, call: () => T): T {
  const kept = node.attribute(name);
  if (init === undefined) node.unset(name);
  else node.set(attribute(name, init));
  try {
    return call();
  } finally {
    if (kept === undefined) node.unset(name);
    else node.set(kept);
  }
}

/** The absorption with other elements of a constant; undefined: without it. */
export function withConstant(
  absorption: Absorption,
  index: number,
  change: ((right: Float64Array) => Float64Array) | undefined,
): Absorption {
  const constants = new Map(absorption.constants);
  const right = constants.get(index);
  constants.delete(index);
  if (change !== undefined && right !== undefined)
    constants.set(index, tensorFromNumbers(right.dtype, right.dims, change(right.toFloat64())));
  return { ...absorption, constants };
}

export function withTensor(absorption: Absorption, index: number, tensor: Tensor): Absorption {
  return { ...absorption, constants: new Map([...absorption.constants, [index, tensor]]) };
}

/** The elements of a constant input as they were before. */
export function before(node: Node, index: number): Float64Array {
  return present(constantTensor(node.input(index)), "a constant").toFloat64();
}

export function weightOf(node: Node, index = 1): Tensor {
  return present(constantTensor(node.input(index)), "a weight");
}

/** A map of as many channels, channel c of which is channel pick(c) of the given one. */
export function reordered({ axis, map }: PlacedMap, pick: (c: number) => number): PlacedMap {
  const of = (values: Float64Array): Float64Array => values.map((_, c) => values[pick(c)] ?? NaN);
  return { axis, map: { scale: of(map.scale), shift: of(map.shift) } };
}

export function withShift({ axis, map }: PlacedMap, change: (t: number, s: number) => number): PlacedMap {
  const shift = map.shift.map((t, c) => change(t, map.scale[c] ?? NaN));
  return { axis, map: { scale: map.scale, shift } };
}

/** The same change for every part of every way. */
export function everyPart(
  ways: readonly Passage[],
  change: (part: PlacedMap, index: number) => PlacedMap,
): readonly Passage[] {
  return ways.map((way) => new Map([...way].map(([index, part]) => [index, change(part, index)])));
}

/** The rules of a pass get wrong facts about values. */
export function told(change: (facts: Facts, node: Node) => Partial<Facts>): Break<Pass> {
  return matches((rule) => (node, view) => {
    return rule.match(node, { ...view, facts: overridden(view.facts, change(view.facts, node)) });
  });
}

/** The facts with some answers replaced. */
function overridden(facts: Facts, answers: Partial<Facts>): Facts {
  return new Proxy(facts, {
    get(target, key) {
      const own: unknown = Reflect.get(answers, key);
      if (own !== undefined) return own;
      const right: unknown = Reflect.get(target, key, target);
      return typeof right === "function" ? right.bind(target) : right;
    },
  });
}

/** As `reads`, for a whole pass: an attribute of the node that a rule looks at, or of another that is found from it. */
export function reading(
  name: string,
  init: AttributeInit | undefined,
  of: (node: Node) => Node | undefined = (node) => node,
): Break<Pass> {
  return matches((rule) => (node, view) => {
    const read = of(node);
    const match = (): ReturnType<Rule["match"]> => rule.match(node, view);
    return read === undefined ? match() : pretending(read, name, init, match);
  });
}

/** The right rewrite is made, and then the resulting node is broken. */
export function afterwards(change: (made: Node, rewriter: Rewriter) => void): Break<Pass> {
  return matches((rule) => (node, view) => {
    const right = rule.match(node, view);
    if (right === undefined || isRefusal(right)) return right;
    const [graph, name] = [present(node.graph, "a graph"), present(node.output(0), "an output").name];
    return {
      ...right,
      apply: (rewriter) => {
        right.apply(rewriter);
        const made = [...graph.nodes()].find((each) => each.output(0)?.name === name);
        change(present(made, "a node that gives the same value"), rewriter);
      },
    };
  });
}

function matches(change: (rule: Rule) => Rule["match"]): Break<Pass> {
  return (real) =>
    real.kind === "rules"
      ? { ...real, rules: real.rules.map((rule) => ({ ...rule, match: change(rule) })) }
      : real;
}
