import { present } from "../src/base/assert.js";
import type { Refusal } from "../src/base/refusal.js";
import type { Node, Value } from "../src/ir/graph.js";
import { tensorFromNumbers } from "../src/ir/tensor.js";
import { sameDim } from "../src/ops/dims.js";
import type { Facts } from "../src/ops/facts.js";
import { normalAxis } from "../src/ops/shapes.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { replacementBlocked } from "../src/rewrite/rewriter.js";

/**
 * Join what is cut and put together again, and cut once what is cut twice.
 *
 *   before   a, b = Split(x)  c = Concat(a, b)  d = Concat(c, z)  e = Slice(d, 0, 3, axis 1)  y = Slice(e, 1, 2, axis 2)
 *   after    d = Concat(x, z)  y = Slice(d, [0, 1], [3, 2], axes [1, 2])
 *
 * All parts of a Split in order are its input; a Split or Slice of a Concat at the borders of its inputs gives these;
 * a Concat in a Concat of the same axis joins it.
 *
 * Requires   axes known, and sizes where borders are compared or one axis is cut twice
 * Refuses    nothing: a value between the two that others read keeps its node
 * Numerics   exact
 */
export const mergeSlices: Pass = {
  kind: "rules",
  name: "merge-slices",
  summary: "Slice of Slice, Concat of Concat become one; Split and Concat that undo each other go",
  before: "a, b = Split(x)  c = Concat(a, b)  y = Slice(Slice(c))",
  after: "y = Slice(x)",
  numerics: "exact",
  rules: [
    { operators: ["Concat"], match: joinParts },
    { operators: ["Concat"], match: joinConcats },
    { operators: ["Split"], match: splitConcat },
    { operators: ["Slice"], match: sliceConcat },
    { operators: ["Slice"], match: sliceSlice },
  ],
};

function operator(value: Value | undefined, opType: string, facts: Facts): Node | undefined {
  const node = value?.producer;
  return node?.is(opType) && !node.hasReferences && !facts.isCall(node) ? node : undefined;
}

/** The axis of a Concat or Split, counted from the front. */
function axisOf(node: Node, facts: Facts): number | undefined {
  const axis = node.int("axis", node.is("Split") ? 0 : Number.NaN);
  const [input] = node.inputs;
  return input ? normalAxis(axis, facts.rank(input)) : undefined;
}

function joinParts(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [part, output] = [node.input(0), node.output(0)];
  if (!node.is("Concat") || node.hasReferences || output === undefined) return undefined;
  const split = operator(part, "Split", facts);
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
  if (axis === undefined) return undefined;
  const inner = node.inputs.map((value) => {
    const first = operator(value ?? undefined, "Concat", facts);
    return value?.uses.size === 1 && first && axisOf(first, facts) === axis ? first : undefined;
  });
  if (inner.every((first) => first === undefined)) return undefined;
  const inputs = node.inputs.flatMap((value, i) => inner[i]?.inputs ?? [value]);
  const names = inner.flatMap((first) => first?.label ?? []);
  return {
    kind: "rewrite",
    summary: `${node.label} joins the inputs of ${names.join(" and ")} at once`,
    apply: (rewriter) => {
      const graph = present(node.graph, `${node.label} is removed`);
      const init = { opType: "Concat", name: node.name, inputs, attributes: { axis } };
      const made = rewriter.addNode(graph, { ...init, outputs: [graph.freshName(output.name)] }, node);
      rewriter.supersede(output, present(made.output(0), "a Concat has an output"));
      rewriter.removeNode(node);
      for (const first of inner) if (first !== undefined) rewriter.removeNode(first);
    },
  };
}

function splitConcat(node: Node, { facts }: View): Proposal | undefined {
  if (!node.is("Split") || node.hasReferences) return undefined;
  const concat = operator(node.input(0), "Concat", facts);
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
    summary: `${node.label} cuts what ${concat.label} has put together`,
    apply: (rewriter) => {
      for (const { part, output } of pairs) rewriter.replaceUses(output, part);
      rewriter.removeNode(node);
    },
  };
}

/** What a Slice does along an axis, as it is written. */
interface Cut {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The cuts of a Slice by axis; undefined where one is not known. Bounds are inputs from opset 10 on. */
function cutsOf(node: Node, facts: Facts): Map<number, Cut> | undefined {
  const data = node.input(0);
  const rank = data === undefined ? undefined : facts.rank(data);
  if (rank === undefined || (facts.opset(node) ?? 0) < 10) return undefined;
  const read = (index: number): readonly number[] | undefined => {
    const value = node.input(index);
    return value === undefined ? undefined : facts.numbers(value);
  };
  const [starts, ends] = [read(1), read(2)];
  const axes = node.input(3) === undefined ? starts?.map((_, i) => i) : read(3);
  const steps = node.input(4) === undefined ? starts?.map(() => 1) : read(4);
  if (starts === undefined || ends === undefined || axes === undefined || steps === undefined)
    return undefined;
  const cuts = new Map<number, Cut>();
  for (const [i, given] of axes.entries()) {
    const [axis, start, end, step] = [normalAxis(given, rank), starts[i], ends[i], steps[i]];
    if (axis === undefined || start === undefined || end === undefined || step === undefined)
      return undefined;
    cuts.set(axis, { start, end, step });
  }
  return cuts;
}

/** The first position, the number of positions and their distance, of a cut that goes forward along `size`. */
function positions(
  { start, end, step }: Cut,
  size: number,
): { first: number; count: number; step: number } | undefined {
  if (step < 1) return undefined;
  const clamp = (bound: number): number => Math.min(Math.max(bound < 0 ? bound + size : bound, 0), size);
  const first = clamp(start);
  return { first, count: Math.max(Math.ceil((clamp(end) - first) / step), 0), step };
}

function sizeAlong(value: Value, axis: number, facts: Facts): number | undefined {
  const size = facts.shape(value)?.[axis];
  return typeof size === "number" ? size : undefined;
}

function sliceConcat(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [data, output] = [node.input(0), node.output(0)];
  if (!node.is("Slice") || node.hasReferences || data === undefined || output === undefined) return undefined;
  const concat = operator(data, "Concat", facts);
  const axis = concat && axisOf(concat, facts);
  if (concat === undefined || axis === undefined) return undefined;
  const cuts = cutsOf(node, facts);
  const cut = cuts?.get(axis);
  const size = sizeAlong(data, axis, facts);
  if (cuts?.size !== 1 || cut === undefined || size === undefined) return undefined;
  const picked = positions(cut, size);
  if (picked?.step !== 1) return undefined;
  let at = 0;
  for (const part of concat.inputs) {
    const length = part === null ? undefined : sizeAlong(part, axis, facts);
    if (part === null || length === undefined) return undefined;
    if (at === picked.first && length === picked.count && length > 0)
      return readThrough(node, output, part, `cuts out what ${concat.label} has put in`);
    at += length;
  }
  return undefined;
}

function sliceSlice(node: Node, { facts }: View): Proposal | undefined {
  const [middle, output] = [node.input(0), node.output(0)];
  if (!node.is("Slice") || node.hasReferences || middle?.uses.size !== 1 || output === undefined)
    return undefined;
  const first = operator(middle, "Slice", facts);
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
    summary: `${node.label} cuts what ${first.label} had cut, which goes`,
    apply: (rewriter) => {
      const graph = present(node.graph, `${node.label} is removed`);
      const list = (role: string, values: readonly number[]): Value => {
        const tensor = tensorFromNumbers("int64", [values.length], values.map(safe));
        return rewriter.addConstant(graph, `${output.name}_${role}`, tensor, node);
      };
      const all = [...cuts.values()];
      const inputs = [
        source,
        list(
          "starts",
          all.map(({ start }) => start),
        ),
        list(
          "ends",
          all.map(({ end }) => end),
        ),
        list("axes", [...cuts.keys()]),
        ...(all.every(({ step }) => step === 1)
          ? []
          : [
              list(
                "steps",
                all.map(({ step }) => step),
              ),
            ]),
      ];
      const init = { opType: "Slice", name: node.name, inputs };
      const made = rewriter.addNode(graph, { ...init, outputs: [graph.freshName(output.name)] }, node);
      rewriter.supersede(output, present(made.output(0), "a Slice has an output"));
      rewriter.removeNode(node);
      rewriter.removeNode(first);
    },
  };
}

/** "To the end" is written as the largest int64, which a number does not hold. */
function safe(bound: number): number {
  return Math.min(Math.max(bound, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/** One cut for two along an axis of known size, both forward. */
function composed(inner: Cut, outer: Cut, size: number | undefined): Cut | undefined {
  const a = size === undefined ? undefined : positions(inner, size);
  const b = a && positions(outer, a.count);
  if (a === undefined || b === undefined) return undefined;
  const start = a.first + b.first * a.step;
  const step = a.step * b.step;
  return { start, end: b.count === 0 ? start : start + (b.count - 1) * step + 1, step };
}
