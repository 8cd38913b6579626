import { plural } from "../src/base/plural.js";
import type { Node, Value } from "../src/ir/graph.js";
import { tensorFromNumbers } from "../src/ir/tensor.js";
import { sliceInputs } from "../src/rewrite/add-slice.js";
import {
  axisOf,
  type Cut,
  cutsOf,
  type Part,
  partsAlong,
  positions,
  producerOf,
  sizeAlong,
} from "../src/rewrite/cuts.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { replaceNode } from "../src/rewrite/replace-node.js";
import { replacementBlocked } from "../src/rewrite/rewriter.js";
import { constantTensor } from "../src/rules/constants.js";
import type { Facts } from "../src/rules/facts.js";

/**
 * Let readers of a Concat read the part that they need.
 *
 *   before   c = Concat(x, z)  a = Slice(c, 1, 3)  b = Gather(c, 8)   # x is six long, z three
 *   after    a = Slice(x, 1, 3)  b = Gather(z, 2)
 *
 * Where every reader (Slice, Gather) takes elements of a single part, each reads that part and the Concat is removed. A
 * Split of a Concat gives whole parts. A part without elements, such as the cache of a first step, is left out.
 *
 * Requires   known sizes along the axis, positions and indices; fewer operators than before
 * Refuses    nothing: the Concat stays for all readers where one of them needs several parts
 * Numerics   exact
 */
export const simplifyConcat: Pass = {
  kind: "rules",
  name: "simplify-concat",
  summary: "Slice, Gather and Split of a Concat read the part that they need; empty parts are left out",
  before: "c = Concat(x, z)  a = Slice(c, 1, 3)  b = Gather(c, 8)",
  after: "a = Slice(x, 1, 3)  b = Gather(z, 2)",
  numerics: "exact",
  specials: { mayChange: [], because: "elements are only moved; parts without elements are left out" },
  order: "any place",
  rules: [
    { operators: ["Slice"], match: sliceOfPart },
    { operators: ["Gather"], match: gatherOfPart },
    { operators: ["Split"], match: splitOfParts },
    { operators: ["Concat"], match: emptyParts },
  ],
};

/** Each reader is compared with all readers and all parts; real Concats have a handful. */
const MOST_READERS = 32;
const MOST_PARTS = 512;

/** A part of a Concat, and the positions in it that a reader takes. */
interface Taken {
  readonly concat: Node;
  readonly axis: number;
  readonly part: Part;
}

/** The part that a Slice or Gather takes all its elements from, unless it takes the whole part. */
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

/** Whether every reader takes elements of a single part, so that the Concat is removed in the end. */
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

function emptyParts(node: Node, { facts }: View): Proposal | undefined {
  const axis = node.is("Concat") && !node.hasReferences ? axisOf(node, facts) : undefined;
  if (axis === undefined || node.inputs.length < 2) return undefined;
  const full = node.inputs.filter((value) => value === null || sizeAlong(value, axis, facts) !== 0);
  if (full.length === 0 || full.length === node.inputs.length) return undefined;
  const count = node.inputs.length - full.length;
  return {
    kind: "rewrite",
    summary: `${node.label} leaves out ${plural(count, "part")} without elements`,
    apply: (rewriter) =>
      replaceNode(rewriter, node, { opType: "Concat", inputs: full, attributes: { axis } }),
  };
}

/** The parts that each output of the Split is made of, if at most one output is made of several. */
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

/** The parts that together make up the output exactly; undefined if one of its ends lies inside a part. */
function partsOf({ first, size }: Part, parts: readonly Part[]): readonly Value[] | undefined {
  const own = parts.filter((part) => part.first >= first && part.first + part.size <= first + size);
  const covered = own.reduce((sum, part) => sum + part.size, 0);
  return covered === size && own.every((part) => part.size > 0) ? own.map(({ value }) => value) : undefined;
}
