import type { Graph, Node, Value } from "../src/ir/graph.js";
import { tensorFromNumbers } from "../src/ir/tensor.js";
import { constantTensor } from "../src/ops/constants.js";
import type { Facts } from "../src/ops/facts.js";
import {
  axisOf,
  type Cut,
  cutsOf,
  type Part,
  partsAlong,
  positions,
  producerOf,
  sizeAlong,
} from "../src/ops/movement/cuts.js";
import { sliceInputs } from "../src/rewrite/add-slice.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { replaceNode } from "../src/rewrite/replace-node.js";
import { replacementBlocked } from "../src/rewrite/rewriter.js";

/**
 * Cut the part of a Concat that is wanted, and take together what was cut side by side.
 *
 *   before   c = Concat(x, z)  a = Slice(c, 1, 3)       # x is six long, z three
 *            p = Slice(z, 0, 1)  q = Slice(z, 1, 3)  b = Concat(p, q, a)
 *   after    a = Slice(x, 1, 3)  b = Concat(z, a)
 *
 * Where every reader of a Concat takes something of one part (Slice, Gather), each takes it there and the Concat goes. A
 * Split of a Concat gives whole parts. Slices next to each other in a Concat and in what they cut are one, or what they cut.
 *
 * Requires   known sizes along the axis, positions and indices; steps of 1 where slices are joined; fewer operators than before
 * Refuses    nothing
 * Numerics   exact
 */
export const simplifyConcat: Pass = {
  kind: "rules",
  name: "simplify-concat",
  summary: "What reads one part of a Concat reads that part; slices side by side become one",
  before: "c = Concat(x, z)  a = Slice(c, 1, 3)  p = Slice(z, 0, 1)  q = Slice(z, 1, 3)  b = Concat(p, q, a)",
  after: "a = Slice(x, 1, 3)  b = Concat(z, a)",
  numerics: "exact",
  rules: [
    { operators: ["Slice"], match: sliceOfPart },
    { operators: ["Gather"], match: gatherOfPart },
    { operators: ["Split"], match: splitOfParts },
    { operators: ["Concat"], match: joinSlices },
  ],
};

/** Each reader is held against all of them and each against all parts; real Concats have a handful. */
const MOST_READERS = 32;
const MOST_PARTS = 512;

/** A part of a Concat, and where in it a reader takes from. */
interface Taken {
  readonly concat: Node;
  readonly axis: number;
  readonly part: Part;
}

/** The part that a Slice or Gather takes all from, where it does not take it whole. */
function takenBy(reader: Node, facts: Facts): Taken | undefined {
  if (reader.hasReferences || facts.isCall(reader)) return undefined;
  const concat = producerOf(reader.input(0), "Concat", facts);
  const axis = concat && axisOf(concat, facts);
  if (concat === undefined || axis === undefined || concat.inputs.length > MOST_PARTS) return undefined;
  const parts = partsAlong(concat.inputs, axis, facts);
  const range = rangeOf(reader, axis, facts);
  const part = parts?.find(({ first, size }) => range && first <= range.from && range.to <= first + size);
  return part && { concat, axis, part };
}

/** The positions along the axis, from the first to behind the last. */
function rangeOf(
  reader: Node,
  axis: number,
  facts: Facts,
): { readonly from: number; readonly to: number } | undefined {
  const data = reader.input(0);
  const size = data && sizeAlong(data, axis, facts);
  if (size === undefined) return undefined;
  if (reader.is("Slice")) {
    const cut = cutsOf(reader, facts)?.get(axis);
    const taken = cut && positions(cut, size);
    if (taken === undefined || taken.count === 0) return undefined;
    return { from: taken.first, to: taken.first + (taken.count - 1) * taken.step + 1 };
  }
  const indices = reader.is("Gather") && axisOf(reader, facts) === axis ? indicesOf(reader, size, facts) : [];
  if (indices === undefined || indices.length === 0) return undefined;
  return { from: Math.min(...indices), to: Math.max(...indices) + 1 };
}

/** The indices of a Gather, counted from the front. */
function indicesOf(gather: Node, size: number, facts: Facts): readonly number[] | undefined {
  const indices = gather.input(1);
  if (indices === undefined || constantTensor(indices) === undefined) return undefined;
  return facts.numbers(indices)?.map((index) => (index < 0 ? index + size : index));
}

/** Whether every reader takes something of one part, so that the Concat goes in the end. */
function isTakenApart(concat: Node, facts: Facts): boolean {
  const output = concat.output(0);
  if (output === undefined || output.uses.size > MOST_READERS) return false;
  return [...output.uses].every(
    (use) => use.kind === "node" && use.index === 0 && takenBy(use.node, facts) !== undefined,
  );
}

function sliceOfPart(node: Node, { facts }: View): Proposal | undefined {
  const taken = takenBy(node, facts);
  const cuts = cutsOf(node, facts);
  if (taken === undefined || cuts === undefined || !isTakenApart(taken.concat, facts)) return undefined;
  const { concat, axis, part } = taken;
  const range = rangeOf(node, axis, facts);
  const step = cuts.get(axis)?.step;
  if (range === undefined || step === undefined) return undefined;
  const moved: Map<number, Cut> = new Map(cuts);
  moved.set(axis, { start: range.from - part.first, end: range.to - part.first, step });
  return {
    kind: "rewrite",
    summary: `${node.label} cuts "${part.value.name}" itself, a part of ${concat.label}`,
    apply: (rewriter) => {
      replaceNode(rewriter, node, {
        opType: "Slice",
        inputs: sliceInputs(rewriter, node, part.value, moved),
      });
    },
  };
}

function gatherOfPart(node: Node, { facts }: View): Proposal | undefined {
  const taken = takenBy(node, facts);
  const [data, indices] = [node.input(0), node.input(1)];
  const tensor = constantTensor(indices);
  const size = taken && data && sizeAlong(data, taken.axis, facts);
  const { graph } = node;
  if (taken === undefined || size === undefined || tensor === undefined || graph === undefined)
    return undefined;
  const { concat, axis, part } = taken;
  const at = indicesOf(node, size, facts);
  if (at === undefined || !isTakenApart(concat, facts)) return undefined;
  const moved = at.map((index) => index - part.first);
  return {
    kind: "rewrite",
    summary: `${node.label} gathers from "${part.value.name}" itself, a part of ${concat.label}`,
    apply: (rewriter) => {
      const own = tensorFromNumbers(tensor.dtype, tensor.dims, moved);
      const base = `${node.output(0)?.name ?? "gather"}_indices`;
      const inputs = [part.value, rewriter.addConstant(graph, base, own, node)];
      replaceNode(rewriter, node, { opType: "Gather", inputs, attributes: { axis } });
    },
  };
}

/** Each output of the Split as the parts that it is made of, where at most one is made of several. */
function splitOfParts(node: Node, { facts }: View): Proposal | undefined {
  const concat = producerOf(node.input(0), "Concat", facts);
  const axis = concat && axisOf(concat, facts);
  const { graph } = node;
  if (!node.is("Split") || node.hasReferences || concat === undefined || graph === undefined)
    return undefined;
  if (axis === undefined || axisOf(node, facts) !== axis || node.input(0)?.uses.size !== 1) return undefined;
  const [parts, outputs] = [partsAlong(concat.inputs, axis, facts), partsAlong(node.outputs, axis, facts)];
  const groups = outputs?.map((output) => ({ output: output.value, parts: partsOf(output, parts ?? []) }));
  const isFree = groups?.every(({ output, parts: own }) => {
    const [only, ...more] = own ?? [];
    return only && (more.length > 0 ? !output.isPinned : replacementBlocked(output, only) === undefined);
  });
  if (groups === undefined || !isFree || sharesOutputs(groups)) return undefined;
  if (groups.filter(({ parts: own }) => own !== undefined && own.length > 1).length > 1) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} gives the parts of ${concat.label}`,
    apply: (rewriter) => {
      for (const { output, parts: own } of groups) {
        const [only, ...more] = own ?? [];
        if (only === undefined || output.uses.size === 0) continue;
        if (more.length === 0) rewriter.replaceUses(output, only);
        else {
          const outputNames = [graph.freshName(output.name)];
          const init = {
            opType: "Concat",
            inputs: [only, ...more],
            outputs: outputNames,
            attributes: { axis },
          };
          const joined = rewriter.addNode(graph, init, node).output(0);
          if (joined !== undefined) rewriter.supersede(output, joined);
        }
      }
      rewriter.removeNode(node);
    },
  };
}

/** One value has one name, so it cannot be two outputs that callers see. */
function sharesOutputs(
  groups: readonly { readonly output: Value; readonly parts: readonly Value[] | undefined }[],
): boolean {
  const seen = groups.flatMap(({ output, parts }) => (output.isGraphOutput ? (parts ?? []) : []));
  return new Set(seen).size < seen.length;
}

/** The parts that fill the output from border to border; undefined where a border is elsewhere. */
function partsOf({ first, size }: Part, parts: readonly Part[]): readonly Value[] | undefined {
  const own = parts.filter((part) => part.first >= first && part.first + part.size <= first + size);
  const covered = own.reduce((sum, part) => sum + part.size, 0);
  return covered === size && own.every((part) => part.size > 0) ? own.map(({ value }) => value) : undefined;
}

/** What an input of a Concat cuts out of another value along the axis. */
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

/** Inputs of a Concat that follow each other: one value as it is, or pieces side by side. */
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

function joinSlices(node: Node, { facts }: View): Proposal | undefined {
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
    summary: `${node.label} takes what ${names.join(", ")} had cut side by side in one`,
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

/** Whether the pieces are all of what they are cut from. */
function isAll(pieces: readonly Piece[], axis: number, facts: Facts): boolean {
  const [first, last] = [pieces[0], pieces.at(-1)];
  return first?.first === 0 && last !== undefined && last.end === sizeAlong(first.source, axis, facts);
}
