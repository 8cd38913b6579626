import { present } from "../src/base/assert.js";
import type { Refusal } from "../src/base/refusal.js";
import type { Node, Value } from "../src/ir/graph.js";
import { tensorFromNumbers } from "../src/ir/tensor.js";
import { sliceInputs } from "../src/rewrite/add-slice.js";
import { type Cut, producerOf, sizeAlong } from "../src/rewrite/cuts.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { integersFor, replaceNode } from "../src/rewrite/replace-node.js";
import type { Facts } from "../src/rules/facts.js";
import { normalAxis } from "../src/rules/shapes.js";

/**
 * Remove sequences that are taken apart again.
 *
 *   before   s = SplitToSequence (x, 2)  a = SequenceAt (s, 1)  t = SequenceConstruct (a, z)  y = ConcatFromSequence (t)
 *   after    a = Slice (x, 2, 4)  y = Concat (a, z)
 *
 * Several elements of one SplitToSequence come from one Split, and elements without the axis from a Gather each. Exporters write
 * the list of tensors that the program had, but most graphs need only its elements.
 *
 * Requires   constant positions; sizes that are constant, or as many as is known; every reader of a SplitToSequence takes one element
 * Refuses    nothing: a sequence with other readers stays
 * Numerics   exact
 */
export const simplifySequences: Pass = {
  kind: "rules",
  name: "simplify-sequences",
  summary: "Elements of a sequence are taken from the tensors that it was made of",
  before: "s = SplitToSequence(x, 2)  y = SequenceAt(s, 1)",
  after: "y = Slice(x, 2, 4)",
  numerics: "exact",
  specials: { mayChange: [], because: "elements are only moved" },
  order: "any place",
  rules: [
    { operators: ["SequenceAt"], match: element },
    { operators: ["ConcatFromSequence"], match: concatenation },
  ],
};

function element(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [sequence, output, position] = [node.input(0), node.output(0), positionOf(node, facts)];
  if (!node.is("SequenceAt") || output === undefined || position === undefined) return undefined;
  const construct = producerOf(sequence, "SequenceConstruct", facts);
  const given = construct?.inputs.at(position);
  if (given) return readThrough(node, output, given, `takes an input of ${construct?.label}`);
  const split = producerOf(sequence, "SplitToSequence", facts);
  return split && takeApart(node, split, facts);
}

/** The constant position of a SequenceAt, counted from the end where it is negative. */
function positionOf(node: Node, facts: Facts): number | undefined {
  const position = node.input(1);
  const [only, ...more] = (position && facts.numbers(position)) ?? [];
  return more.length === 0 ? only : undefined;
}

/** The positions of the elements along the axis that a SplitToSequence splits, as far as they are known. */
interface Division {
  readonly source: Value;
  readonly axis: number;
  /** The sizes of all elements, from the first on; undefined where their number is not known. */
  readonly sizes: readonly number[] | undefined;
  /** The value that lists the sizes and is no constant; `sizes` then has a NaN for each. */
  readonly runtime?: Value;
  /** The common size of all elements, except perhaps the last; undefined if the node lists the sizes. */
  readonly each: number | undefined;
  /** Whether elements, of size one, lack the axis. */
  readonly isDropped?: boolean;
}

function divisionOf(split: Node, facts: Facts): Division | undefined {
  const [source, given] = [split.input(0), split.input(1)];
  const axis = source && normalAxis(split.int("axis", 0), facts.rank(source));
  if (source === undefined || axis === undefined) return undefined;
  const isDropped = given === undefined && split.int("keepdims", 1) !== 1;
  const numbers = given === undefined ? [1] : facts.numbers(given);
  const rank = given === undefined ? 0 : facts.rank(given);
  if (given !== undefined && numbers === undefined) return runtimeDivision(source, axis, given, split, facts);
  if (numbers === undefined || rank === undefined) return undefined;
  if (rank === 1) return { source, axis, sizes: numbers, each: undefined };
  const whole = sizeAlong(source, axis, facts);
  const [each = 0] = numbers;
  if (each < 1) return undefined;
  const count = whole === undefined ? 0 : Math.min(Math.ceil(whole / each), MOST_ELEMENTS + 1);
  const sizes = Array.from({ length: count }, (_, i) => Math.min(each, (whole ?? 0) - i * each));
  return { source, axis, sizes: count > 0 && count <= MOST_ELEMENTS ? sizes : undefined, each, isDropped };
}

/** Sizes that only a run tells, as many as is known, in the type and the opset in which Split takes them. */
function runtimeDivision(
  source: Value,
  axis: number,
  runtime: Value,
  split: Node,
  facts: Facts,
): Division | undefined {
  const [count, ...more] = facts.staticShape(runtime) ?? [];
  if (count === undefined || more.length > 0 || count > MOST_ELEMENTS) return undefined;
  if (facts.dtype(runtime) !== "int64" || (facts.opset(split) ?? 0) < 13) return undefined;
  return { source, axis, runtime, sizes: new Array<number>(count).fill(Number.NaN), each: undefined };
}

/** A Split into more parts is no gain for the few elements that are read. */
const MOST_ELEMENTS = 256;

/** A reader, and the index of the element that it takes, counted from the front where the number of elements is known. */
interface Taker {
  readonly node: Node;
  readonly index: number;
}

/** The readers of a sequence, if each takes one element, so that the sequence can be removed. */
function takersOf(
  split: Node,
  { sizes, isDropped = false }: Division,
  facts: Facts,
): readonly Taker[] | undefined {
  const takers: Taker[] = [];
  for (const use of split.output(0)?.uses ?? []) {
    if (use.kind !== "node" || use.index !== 0 || use.node.graph !== split.graph) return undefined;
    const position = use.node.is("SequenceAt") ? positionOf(use.node, facts) : undefined;
    if (position === undefined) return undefined;
    const index = position < 0 && sizes !== undefined ? position + sizes.length : position;
    // Of all these operators, Gather alone counts from the end too.
    const isKnown = sizes === undefined ? index >= 0 || isDropped : index >= 0 && index < sizes.length;
    if (!isKnown) return undefined;
    takers.push({ node: use.node, index });
  }
  return takers;
}

/** The rewrite for all readers at once, as outputs of one Split, or for a single reader. */
function takeApart(node: Node, split: Node, facts: Facts): Proposal | undefined {
  const division = divisionOf(split, facts);
  const takers = division && takersOf(split, division, facts);
  if (division === undefined || takers === undefined) return undefined;
  const taker = takers.find((each) => each.node === node);
  if (division.isDropped) return taker && gather(taker, division);
  const { sizes, runtime } = division;
  // One output of the Split cannot replace two values, because each value keeps its name.
  const isOnceEach = new Set(takers.map(({ index }) => index)).size === takers.length;
  if ((takers.length > 1 || runtime !== undefined) && isOnceEach && sizes !== undefined)
    return splitInto(split, takers, division, sizes, facts);
  return runtime === undefined && taker !== undefined ? slice(taker, division) : undefined;
}

function splitInto(
  split: Node,
  takers: readonly Taker[],
  { source, axis, runtime }: Division,
  sizes: readonly number[],
  facts: Facts,
): Proposal {
  return {
    kind: "rewrite",
    summary: `${split.label} becomes a Split, whose outputs are the elements`,
    apply: (rewriter) => {
      const graph = present(split.graph, `${split.label} is removed`);
      const { name, docString, metadata } = split;
      const outputs = sizes.map(() => graph.freshName(split.output(0)?.name ?? "part"));
      const isInput = (facts.opset(split) ?? 0) >= 13;
      const made = rewriter.addNode(
        graph,
        {
          opType: "Split",
          inputs: isInput ? [source, runtime ?? integersFor(rewriter, split, "sizes", sizes)] : [source],
          attributes: isInput ? { axis } : { axis, split: sizes },
          outputs,
          name,
          docString,
          metadata,
        },
        split,
      );
      for (const { node, index } of takers) {
        const [element, part] = [node.output(0), made.output(index)];
        if (element !== undefined && part !== undefined) rewriter.supersede(element, part);
        rewriter.removeNode(node);
      }
      rewriter.removeNode(split);
    },
  };
}

function slice({ node, index }: Taker, { source, axis, sizes, each = 0 }: Division): Proposal {
  const start = sizes?.slice(0, index).reduce((sum, size) => sum + size, 0) ?? index * each;
  const cut: Cut = { start, end: start + (sizes?.[index] ?? each), step: 1 };
  return {
    kind: "rewrite",
    summary: `${node.label} cuts its element from "${source.name}" itself`,
    apply: (rewriter) => {
      const inputs = sliceInputs(rewriter, node, source, new Map([[axis, cut]]));
      replaceNode(rewriter, node, { opType: "Slice", inputs });
    },
  };
}

function gather({ node, index }: Taker, { source, axis }: Division): Proposal {
  return {
    kind: "rewrite",
    summary: `${node.label} takes its element from "${source.name}" itself`,
    apply: (rewriter) => {
      const graph = present(node.graph, `${node.label} is removed`);
      const base = `${node.output(0)?.name ?? node.opType}_index`;
      const place = rewriter.addConstant(graph, base, tensorFromNumbers("int64", [], [index]), node);
      replaceNode(rewriter, node, { opType: "Gather", inputs: [source, place], attributes: { axis } });
    },
  };
}

function concatenation(node: Node, { facts }: View): Proposal | undefined {
  const construct = producerOf(node.input(0), "SequenceConstruct", facts);
  const axis = node.int("axis");
  if (!node.is("ConcatFromSequence") || node.hasReferences || construct === undefined) return undefined;
  if (axis === undefined || node.int("new_axis", 0) !== 0) return undefined;
  const isOnlyReader = construct.output(0)?.uses.size === 1 && construct.graph === node.graph;
  return {
    kind: "rewrite",
    summary: `${node.label} joins the inputs of ${construct.label}`,
    apply: (rewriter) =>
      replaceNode(
        rewriter,
        node,
        { opType: "Concat", inputs: construct.inputs, attributes: { axis } },
        isOnlyReader ? [construct] : [],
      ),
  };
}
