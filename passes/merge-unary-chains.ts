import { present } from "../src/base/assert.js";
import type { Refusal } from "../src/base/refusal.js";
import type { SpecialValue } from "../src/base/special-values.js";
import type { AttributeInit } from "../src/ir/attribute.js";
import { isFloat } from "../src/ir/dtype.js";
import type { Node, Value } from "../src/ir/graph.js";
import { decodeNumbers, tensorFromNumbers } from "../src/ir/tensor.js";
import { hasTrait } from "../src/ops/catalogue.js";
import { type Bounds, boundedBy, givenBounds, isWithin, rangeOf, UNBOUNDED } from "../src/rewrite/bounds.js";
import { castNumber, FLOATS, isLossless, isWhole } from "../src/rewrite/casts.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { replaceNode } from "../src/rewrite/replace-node.js";
import type { Facts } from "../src/rules/facts.js";

/**
 * Merge two elementwise operators in a row where one of them does the work of both.
 *
 *   before   a = Relu(x)  b = Clip(a, -1, 6)  c = Neg(b)  y = Neg(c)
 *   after    y = Clip(x, 0, 6)
 *
 * Relu and Clip are bounds, and two pairs of bounds make one, as do a Clip and the Min or Max of a
 * number; Abs, Sign and roundings change nothing the second time; Neg, Not and BitwiseNot undo themselves; a Cast behind a lossless Cast may start from the first type; a tensor of one number is
 * filled with what a Cast makes of it; a Where without the Not of its condition has its operands exchanged.
 *
 * Requires   constant scalar bounds that do not cross; types known; a number that the type holds; a Not that only Wheres read
 * Refuses    nothing: the first operator stays where others read it too
 * Numerics   exact, but for the infinity that a Clip without a bound makes finite, and the sign of a zero at a bound or
 *            through Where
 */
export const mergeUnaryChains: Pass = {
  kind: "rules",
  name: "merge-unary-chains",
  summary: "Relu, Clip, Cast, Neg, Abs and roundings in a row become one or none; a Where needs no Not",
  before: "a = Relu(x)  y = Clip(a, -1, 6)",
  after: "y = Clip(x, 0, 6)",
  numerics: "exact",
  specials: {
    mayChange: ["infinity", "negative-zero"],
    because:
      "a Clip without a bound ends at the type's largest number, so infinity does not go through it; what onnxruntime's Where, Min, Max and Clip to [0, 0] make of -0 depends on the order of operands and bounds",
  },
  order: "any place",
  rules: [
    { operators: ["Relu", "Clip", "Min", "Max"], match: mergeBounds },
    { operators: ["Abs", "Ceil", "Floor", "Round", "Sign", "Neg", "Not", "BitwiseNot"], match: mergeUnary },
    { operators: ["Cast"], match: mergeCasts },
    { operators: ["Cast"], match: castFilled },
    { operators: ["Where"], match: exchangeBranches },
  ],
};

/** The node before this one, if it is an operator and not a call of a function. */
function before(node: Node, facts: Facts): Node | undefined {
  return producerOf(node.input(0), facts);
}

function producerOf(value: Value | undefined, facts: Facts): Node | undefined {
  const producer = value?.producer;
  return producer === undefined || producer.hasReferences || facts.isCall(producer) ? undefined : producer;
}

function isOnlyRead(value: Value | undefined): boolean {
  return value !== undefined && value.uses.size === 1;
}

function mergeBounds(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [output, outer] = [node.output(0), boundedBy(node, facts)];
  if (output === undefined || outer === undefined || node.hasReferences) return undefined;
  const { input } = outer;
  const given = givenBounds(outer);
  if (isWithin(UNBOUNDED, given))
    return readThrough(node, output, input, "has no bounds", isWithin(UNBOUNDED, outer) ? [] : ["infinity"]);
  const first = producerOf(input, facts);
  if (first === undefined) return undefined;
  // Two of them become a Clip later, behind the passes that move maps.
  if (node.is("Min", "Max") && first.is("Min", "Max")) return undefined;
  const own = boundedBy(first, facts);
  const inner = own ?? rangeOf(first);
  if (inner === undefined) return undefined;
  const why = `bounds what ${first.label} has bounded`;
  if (isWithin(inner, outer)) return readThrough(node, output, input, why, signOfZero(node, first, outer));
  if (own === undefined || !isOnlyRead(input))
    return isWithin(inner, given)
      ? readThrough(node, output, input, why, ["infinity", ...signOfZero(node, first, outer)])
      : undefined;
  const clamp = (bound: number): number => Math.min(Math.max(bound, outer.low), outer.high);
  const bounds = { low: clamp(inner.low), high: clamp(inner.high) };
  const mayChange = signOfZero(node, first, bounds, own, outer);
  if (bounds.low === outer.low && bounds.high === outer.high) {
    return {
      kind: "rewrite",
      summary: `${node.label} bounds more than ${first.label}, which is removed`,
      mayChange,
      apply: (rewriter) => {
        rewriter.setInput(node, outer.index, own.input);
        rewriter.removeNode(first);
      },
    };
  }
  return mergeIntoClip(node, first, own.input, { bounds, mayChange }, facts);
}

/** A zero between bounds of which one is zero may get another sign where Min or Max give the bound, or the bounds are apart. */
function signOfZero(
  node: Node,
  first: Node,
  bounds: Bounds,
  ...parts: readonly Bounds[]
): readonly SpecialValue[] {
  const touches = [bounds, ...parts].some(({ low, high }) => low === 0 || high === 0);
  const apart = bounds.low === bounds.high;
  return touches && (apart || [node, first].some((each) => each.is("Min", "Max"))) ? ["negative-zero"] : [];
}

function mergeIntoClip(
  node: Node,
  first: Node,
  source: Value,
  { bounds, mayChange }: { readonly bounds: Bounds; readonly mayChange: readonly SpecialValue[] },
  facts: Facts,
): Proposal | undefined {
  const output = node.output(0);
  const dtype = output && facts.dtype(output);
  if (output === undefined || dtype === undefined) return undefined;
  const { low, high } = givenBounds(bounds);
  return {
    kind: "rewrite",
    summary: `${first.label} and ${node.label} become a Clip to [${low}, ${high}]`,
    mayChange,
    apply: (rewriter) => {
      const graph = present(node.graph, `${node.label} is removed`);
      const init = { opType: "Clip", name: node.name, outputs: [graph.freshName(output.name)] };
      let clip: Node;
      if ((facts.opset(node) ?? 0) < 11) {
        const float = (name: string, value: number): Readonly<Record<string, AttributeInit>> =>
          Number.isFinite(value) ? { [name]: { kind: "float", value } } : {};
        const attributes = { ...float("min", low), ...float("max", high) };
        clip = rewriter.addNode(graph, { ...init, inputs: [source], attributes }, node);
      } else {
        const bound = (name: string, value: number): Value | null =>
          Number.isFinite(value)
            ? rewriter.addConstant(
                graph,
                `${output.name}_${name}`,
                tensorFromNumbers(dtype, [], [value]),
                node,
              )
            : null;
        const [least, most] = [bound("min", low), bound("max", high)];
        const inputs = most === null ? [source, least] : [source, least, most];
        clip = rewriter.addNode(graph, { ...init, inputs }, node);
      }
      rewriter.supersede(output, present(clip.output(0), "a Clip has an output"));
      rewriter.removeNode(node);
      rewriter.removeNode(first);
    },
  };
}

function mergeUnary(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [input, output, first] = [node.input(0), node.output(0), before(node, facts)];
  const source = first?.input(0);
  if (input === undefined || output === undefined || first === undefined || source === undefined)
    return undefined;
  const repeats =
    (hasTrait(node, "idempotent") && first.sharesOperator(node)) ||
    (hasTrait(node, "rounds") && (hasTrait(first, "rounds") || first.is("Sign")));
  if (repeats) return readThrough(node, output, input, `changes nothing after ${first.label}`, []);
  if (hasTrait(node, "involution") && first.sharesOperator(node))
    return readThrough(node, output, source, `undoes ${first.label}`, []);
  if (!node.is("Abs") || !first.is("Neg") || !isOnlyRead(input)) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} needs no ${first.label}`,
    mayChange: [],
    apply: (rewriter) => {
      rewriter.setInput(node, 0, source);
      rewriter.removeNode(first);
    },
  };
}

function mergeCasts(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const first = before(node, facts);
  const [input, output, source] = [node.input(0), node.output(0), first?.input(0)];
  if (!node.is("Cast") || node.hasReferences || !first?.is("Cast")) return undefined;
  if (input === undefined || output === undefined || source === undefined) return undefined;
  const [from, middle, to] = [facts.dtype(source), facts.dtype(input), facts.dtype(output)];
  if (from === undefined || middle === undefined || to === undefined) return undefined;
  if (!isLossless(from, middle)) return undefined;
  if (from === to) return readThrough(node, output, source, `casts back what ${first.label} has widened`, []);
  // Converting a value that the last type does not hold depends on the machine and on the type it comes from.
  const isSettled =
    FLOATS.has(to) || isLossless(from, to) || (isWhole(to) && isWhole(middle) && isWhole(from));
  if (!isSettled || !isOnlyRead(input)) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} casts from ${from} at once, and ${first.label} is removed`,
    mayChange: [],
    apply: (rewriter) => {
      rewriter.setInput(node, 0, source);
      rewriter.removeNode(first);
    },
  };
}

/** A Cast of a tensor of one number, which can be filled with the number that the Cast makes of it. */
function castFilled(node: Node, { facts }: View): Proposal | undefined {
  const first = before(node, facts);
  const [input, output, sizes] = [node.input(0), node.output(0), first?.input(0)];
  if (!node.is("Cast") || node.hasReferences || !first?.is("ConstantOfShape") || !isOnlyRead(input))
    return undefined;
  const to = output && facts.dtype(output);
  const given = first.tensorAttribute("value");
  if (to === undefined || sizes === undefined) return undefined;
  const number = given === undefined ? 0 : decodeNumbers(given.dtype, given.bytes(), 1)[0];
  // Beyond this, a double does not hold the integers of 64 bits.
  const isHeld =
    number !== undefined && (given === undefined || isFloat(given.dtype) || Number.isSafeInteger(number));
  const cast = isHeld ? castNumber(number, to) : undefined;
  if (cast === undefined) return undefined;
  return {
    kind: "rewrite",
    summary: `${first.label} fills with ${to} at once, and ${node.label} is removed`,
    mayChange: [],
    apply: (rewriter) => {
      const value = tensorFromNumbers(to, [1], [cast]);
      replaceNode(rewriter, node, { opType: "ConstantOfShape", inputs: [sizes], attributes: { value } }, [
        first,
      ]);
    },
  };
}

/** A Where needs no Not before its condition: its operands change places. */
function exchangeBranches(node: Node, { facts }: View): Proposal | undefined {
  const first = before(node, facts);
  const [condition, source] = [node.input(0), first?.input(0)];
  const [yes, no] = [node.input(1), node.input(2)];
  if (!node.is("Where") || !first?.is("Not") || condition === undefined || source === undefined)
    return undefined;
  if (yes === undefined || no === undefined) return undefined;
  // A Not that something else reads would stay.
  const isFree = [...condition.uses].every(
    (use) => use.kind === "node" && use.index === 0 && use.node.is("Where") && !facts.isCall(use.node),
  );
  if (!isFree) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} exchanges its operands and needs no ${first.label}`,
    mayChange: isFloat(facts.dtype(yes) ?? "float") ? ["negative-zero"] : [],
    apply: (rewriter) => {
      replaceNode(rewriter, node, { opType: "Where", inputs: [source, no, yes] });
      if (condition.uses.size === 0) rewriter.removeNode(first);
    },
  };
}
