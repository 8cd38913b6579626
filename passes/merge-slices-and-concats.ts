import type { Refusal } from "../src/base/refusal.js";
import type { Node, Value } from "../src/ir/graph.js";
import { sliceInputs } from "../src/rewrite/add-slice.js";
import {
  axisOf,
  type Cut,
  cutsOf,
  partsAlong,
  positions,
  producerOf,
  sizeAlong,
} from "../src/rewrite/cuts.js";
import { flatten, type NestedIn, namesOf } from "../src/rewrite/nested.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { replaceNode } from "../src/rewrite/replace-node.js";
import { replacementBlocked } from "../src/rewrite/rewriter.js";
import { sameDim } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";

/**
 * Undo a Split with a Concat behind it, or a Concat with a cut behind it; merge Slices in a row and Concats in a row.
 *
 *   before   a, b = Split(x)  c = Concat(a, b)  d = Concat(c, z)  e = Slice(d, 0, 3, axis 1)  y = Slice(e, 1, 2, axis 2)
 *   after    d = Concat(x, z)  y = Slice(d, [0, 1], [3, 2], axes [1, 2])
 *
 * A Concat of all parts of a Split, in order, is the Split's input. A Split or Slice that cuts a Concat at the borders of
 * its inputs gives these inputs. Two Slices in a row become one, and so do Concats in a row along the same axis; one that
 * several Concats read, and nothing else, is put together in each of them.
 *
 * Requires   axes known, and sizes where borders are compared or one axis is cut twice
 * Refuses    nothing: an operator in between stays where others read it too
 * Numerics   exact
 */
export const mergeSlicesAndConcats: Pass = {
  kind: "rules",
  name: "merge-slices-and-concats",
  summary:
    "Slices in a row and Concats in a row become one; Split and Concat that undo each other are removed",
  before: "a, b = Split(x)  c = Concat(a, b)  y = Slice(Slice(c))",
  after: "y = Slice(x)",
  numerics: "exact",
  specials: { mayChange: [], because: "elements are only moved" },
  order: "any place",
  rules: [
    { operators: ["Concat"], match: joinParts },
    { operators: ["Concat"], match: joinConcats },
    { operators: ["Split"], match: splitConcat },
    { operators: ["Slice"], match: sliceConcat },
    { operators: ["Slice"], match: sliceSlice },
  ],
};

function joinParts(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [part, output] = [node.input(0), node.output(0)];
  if (!node.is("Concat") || node.hasReferences || output === undefined) return undefined;
  const split = producerOf(part, "Split", facts);
  const source = split?.input(0);
  if (split === undefined || source === undefined) return undefined;
  const axis = axisOf(node, facts);
  const all =
    split.outputs.length === node.inputs.length &&
    split.outputs.every((value, i) => value === node.inputs[i]);
  if (!all || axis === undefined || axis !== axisOf(split, facts)) return undefined;
  return readThrough(node, output, source, `puts together what ${split.label} has cut`);
}

function joinConcats(node: Node, { facts }: View): Proposal | undefined {
  const output = node.output(0);
  if (!node.is("Concat") || node.hasReferences || output === undefined) return undefined;
  const axis = axisOf(node, facts);
  if (axis === undefined || isJoined(node, axis, facts)) return undefined;
  const nestedIn: NestedIn = (value) => {
    const first = producerOf(value, "Concat", facts);
    if (first === undefined || axisOf(first, facts) !== axis) return undefined;
    return isJoined(first, axis, facts) ? first : undefined;
  };
  const { operands: inputs, gone } = flatten(node, nestedIn);
  if (gone.length === 0) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} takes over the inputs of ${namesOf(gone)}`,
    apply: (rewriter) => {
      replaceNode(rewriter, node, { opType: "Concat", inputs, attributes: { axis } });
      for (const each of gone) if (each.output(0)?.uses.size === 0 && each.graph) rewriter.removeNode(each);
    },
  };
}

/** The inputs that the readers of a shared Concat take over in all; real ones have a handful of readers and inputs. */
const MOST_COPIED = 32;

/**
 * Whether the readers take this Concat's inputs over, so that it is removed in the end. One that several read is done with
 * its own inputs first, or those would be multiplied from level to level.
 */
function isJoined(node: Node, axis: number, facts: Facts): boolean {
  const readers = node.output(0)?.uses.size ?? 0;
  if (readers > 1 && readers * node.inputs.length > MOST_COPIED) return false;
  if (!isReadByConcats(node, axis, facts)) return false;
  return readers === 1 || !node.inputs.some((value) => isNestedConcat(value, axis, facts));
}

function isNestedConcat(value: Value | null, axis: number, facts: Facts): boolean {
  const first = producerOf(value ?? undefined, "Concat", facts);
  return first !== undefined && axisOf(first, facts) === axis && isReadByConcats(first, axis, facts);
}

function isReadByConcats(node: Node, axis: number, facts: Facts): boolean {
  const uses = [...(node.output(0)?.uses ?? [])];
  return uses.every((use) => {
    if (use.kind !== "node" || !use.node.is("Concat") || use.node.hasReferences) return false;
    return axisOf(use.node, facts) === axis && !facts.isCall(use.node);
  });
}

function splitConcat(node: Node, { facts }: View): Proposal | undefined {
  if (!node.is("Split") || node.hasReferences) return undefined;
  const concat = producerOf(node.input(0), "Concat", facts);
  const axis = axisOf(node, facts);
  if (concat === undefined || axis === undefined || axisOf(concat, facts) !== axis) return undefined;
  if (concat.inputs.length !== node.outputs.length) return undefined;
  const pairs: { readonly part: Value; readonly output: Value }[] = [];
  for (const [i, output] of node.outputs.entries()) {
    const part = concat.input(i);
    if (output === null || part === undefined) return undefined;
    if (!sameDim(facts.shape(part)?.[axis], facts.shape(output)?.[axis])) return undefined;
    if (output.uses.size > 0) pairs.push({ part, output });
  }
  const seen = pairs.filter(({ output }) => output.isGraphOutput).map(({ part }) => part);
  // One value has one name, so it cannot be two outputs that callers see.
  const shared = new Set(seen).size < seen.length;
  const blocked = pairs.some(({ part, output }) => replacementBlocked(output, part) !== undefined);
  if (shared || blocked || pairs.length === 0) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} gives back the inputs of ${concat.label} and is removed`,
    apply: (rewriter) => {
      for (const { part, output } of pairs) rewriter.replaceUses(output, part);
      rewriter.removeNode(node);
    },
  };
}

/** Each Slice is compared with all parts. */
const MOST_PARTS = 2048;

function sliceConcat(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [data, output] = [node.input(0), node.output(0)];
  if (!node.is("Slice") || node.hasReferences || data === undefined || output === undefined) return undefined;
  const concat = producerOf(data, "Concat", facts);
  const axis = concat && axisOf(concat, facts);
  if (concat === undefined || axis === undefined || concat.inputs.length > MOST_PARTS) return undefined;
  const cuts = cutsOf(node, facts);
  const cut = cuts?.get(axis);
  const size = sizeAlong(data, axis, facts);
  if (cuts?.size !== 1 || cut === undefined || size === undefined) return undefined;
  const picked = positions(cut, size);
  if (picked?.step !== 1) return undefined;
  const parts = partsAlong(concat.inputs, axis, facts);
  const whole = parts?.find(({ first, size }) => first === picked.first && size === picked.count && size > 0);
  if (whole === undefined) return undefined;
  return readThrough(node, output, whole.value, `cuts out what ${concat.label} has put in`);
}

function sliceSlice(node: Node, { facts }: View): Proposal | undefined {
  const [middle, output] = [node.input(0), node.output(0)];
  if (!node.is("Slice") || node.hasReferences || middle?.uses.size !== 1 || output === undefined)
    return undefined;
  const first = producerOf(middle, "Slice", facts);
  const source = first?.input(0);
  if (first === undefined || source === undefined) return undefined;
  const [inner, outer] = [cutsOf(first, facts), cutsOf(node, facts)];
  if (inner === undefined || outer === undefined) return undefined;
  const cuts = new Map(inner);
  for (const [axis, cut] of outer) {
    const before = inner.get(axis);
    const both = before === undefined ? cut : composed(before, cut, sizeAlong(source, axis, facts));
    if (both === undefined) return undefined;
    cuts.set(axis, both);
  }
  return {
    kind: "rewrite",
    summary: `${node.label} does the cuts of ${first.label}, which is removed`,
    apply: (rewriter) => {
      const inputs = sliceInputs(rewriter, node, source, cuts);
      replaceNode(rewriter, node, { opType: "Slice", inputs }, [first]);
    },
  };
}

/** Two cuts in a row along an axis of known size, both forward, as one. */
function composed(inner: Cut, outer: Cut, size: number | undefined): Cut | undefined {
  const a = size === undefined ? undefined : positions(inner, size);
  const b = a && positions(outer, a.count);
  if (a === undefined || b === undefined) return undefined;
  const start = a.first + b.first * a.step;
  const step = a.step * b.step;
  return { start, end: b.count === 0 ? start : start + (b.count - 1) * step + 1, step };
}
