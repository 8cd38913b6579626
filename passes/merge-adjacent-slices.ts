import type { Graph, Node, Value } from "../src/ir/graph.js";
import { sliceInputs } from "../src/rewrite/add-slice.js";
import { axisOf, cutsOf, positions, producerOf, sizeAlong } from "../src/rewrite/cuts.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { replaceNode } from "../src/rewrite/replace-node.js";
import type { Facts } from "../src/rules/facts.js";

/**
 * Merge adjacent Slices that a Concat puts together again.
 *
 *   before   p = Slice(x, 0, 1)  q = Slice(x, 1, 3)  r = Slice(x, 3, 9)  y = Concat(p, q, r, z)   # x is six long
 *   after    y = Concat(x, z)
 *
 * Slices that are adjacent both in the Concat and in their input become one Slice, or the whole input.
 *
 * Requires   the axis of the Concat as the only axis of the Slices, steps of 1, a known size, fewer operators than before
 * Refuses    nothing
 * Numerics   exact
 */
export const mergeAdjacentSlices: Pass = {
  kind: "rules",
  name: "merge-adjacent-slices",
  summary: "Adjacent Slices that a Concat puts together again become one Slice, or their whole input",
  before: "p = Slice(x, 0, 1)  q = Slice(x, 1, 9)  y = Concat(p, q, z)",
  after: "y = Concat(x, z)",
  numerics: "exact",
  specials: { mayChange: [], because: "elements are only moved" },
  order: "any place",
  rules: [{ operators: ["Concat"], match }],
};

/** An input of a Concat that is cut out of another value along the axis. */
interface Piece {
  readonly source: Value;
  readonly slice: Node;
  readonly first: number;
  readonly end: number;
}

function pieceOf(value: Value, axis: number, graph: Graph, facts: Facts): Piece | undefined {
  const slice = producerOf(value, "Slice", facts);
  const source = slice?.input(0);
  const cuts = slice && cutsOf(slice, facts);
  const cut = cuts?.get(axis);
  const size = source && sizeAlong(source, axis, facts);
  if (slice === undefined || source === undefined || cut === undefined || size === undefined)
    return undefined;
  const taken = positions(cut, size);
  if (cuts?.size !== 1 || taken?.step !== 1 || slice.graph !== graph) return undefined;
  return { source, slice, first: taken.first, end: taken.first + taken.count };
}

/** Consecutive inputs of a Concat: a single value, or adjacent pieces of one. */
interface Run {
  readonly value: Value;
  readonly pieces: readonly Piece[];
}

function runsOf(node: Node, axis: number, graph: Graph, facts: Facts): Run[] {
  const runs: Run[] = [];
  for (const value of node.inputs) {
    if (value === null) continue;
    const piece = pieceOf(value, axis, graph, facts);
    const last = runs.at(-1);
    const before = last?.pieces.at(-1);
    if (last && piece && before?.source === piece.source && before.end === piece.first) {
      runs[runs.length - 1] = { value: last.value, pieces: [...last.pieces, piece] };
    } else runs.push({ value, pieces: piece === undefined ? [] : [piece] });
  }
  return runs;
}

function match(node: Node, { facts }: View): Proposal | undefined {
  const axis = node.is("Concat") && !node.hasReferences ? axisOf(node, facts) : undefined;
  const { graph } = node;
  if (axis === undefined || graph === undefined || node.output(0) === undefined) return undefined;
  const runs = runsOf(node, axis, graph, facts);
  const joined = runs.flatMap(({ pieces }) => (pieces.length > 1 ? [pieces] : []));
  const gone = joined.flat().filter(({ slice }) => slice.output(0)?.uses.size === 1);
  const made = joined.filter((pieces) => !isAll(pieces, axis, facts)).length;
  if (joined.length === 0 || made >= gone.length) return undefined;
  const names = joined.flat().map(({ slice }) => slice.label);
  return {
    kind: "rewrite",
    summary: `${node.label} takes the adjacent pieces of ${names.join(", ")} as one`,
    apply: (rewriter) => {
      const inputs = runs.map(({ value, pieces }) => {
        const [first, last] = [pieces[0], pieces.at(-1)];
        if (first === undefined || last === undefined || pieces.length === 1) return value;
        if (isAll(pieces, axis, facts)) return first.source;
        const cut = { start: first.first, end: last.end, step: 1 };
        const slice = sliceInputs(rewriter, node, first.source, new Map([[axis, cut]]));
        const outputs = [graph.freshName(value.name)];
        return rewriter.addNode(graph, { opType: "Slice", inputs: slice, outputs }, node).output(0) ?? value;
      });
      const slices = [...new Set(gone.map(({ slice }) => slice))];
      replaceNode(rewriter, node, { opType: "Concat", inputs, attributes: { axis } }, slices);
    },
  };
}

/** Whether the pieces make up the whole value that they are cut from. */
function isAll(pieces: readonly Piece[], axis: number, facts: Facts): boolean {
  const [first, last] = [pieces[0], pieces.at(-1)];
  return first?.first === 0 && last !== undefined && last.end === sizeAlong(first.source, axis, facts);
}
