import { present } from "../src/base/assert.js";
import { isRefusal } from "../src/base/refusal.js";
import type { Node, Value } from "../src/ir/graph.js";
import type { StandardOperator } from "../src/ir/operator-name.js";
import { hasTrait, operatorsWith } from "../src/ops/catalogue.js";
import { type Padding, readPad } from "../src/rewrite/pad.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { integersFor, replaceNode } from "../src/rewrite/replace-node.js";
import type { Rewriter } from "../src/rewrite/rewriter.js";
import { type MaybeDim, mul, type SymDim, sameDim, sameShape } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";
import { inverse, permutationOf } from "../src/rules/layout/permutation.js";

/**
 * Merge two Pads, Expands or Tiles in a row, and a Transpose with the views around it.
 *
 *   before   a = Pad(x, [0, 1, 0, 1])  y = Pad(a, [2, 0, 0, 3])
 *   after    y = Pad(x, [2, 1, 0, 4])
 *   before   a = Reshape(x, [8, 12, 16])  b = Transpose<perm = [0, 2, 1]>(a)     # x: [2, 4, 12, 16]
 *            y = Reshape(b, [2, 4, 16, 12])
 *   after    y = Transpose<perm = [0, 1, 3, 2]>(x)
 *   before   a = Reshape(x, [10, 8, 8])  b = Transpose<perm = [1, 0, 2]>(a)      # x: [10, 2, 32]
 *            y = Reshape(b, [2, 4, 10, 8])
 *   after    a = Reshape(x, [10, 2, 4, 8])  y = Transpose<perm = [1, 2, 0, 3]>(a)
 *
 * Borders add up, repeats multiply, and the last of two Expands determines the shape. Axes that a view joins and the view behind
 * the Transpose parts again move together.
 *
 * Requires   known pads and repeats; borders of one value, or of the edge; the second Pad cuts off only border that the first
 *            made, or the first cuts too; a second Expand whose target is the whole shape, or a known shape; sizes around a
 *            Transpose known, symbolic ones equal
 * Refuses    nothing: the first operator stays where others read it too
 * Numerics   exact
 */
export const mergeMovementChains: Pass = {
  kind: "rules",
  name: "merge-movement-chains",
  summary: "Two Pads, Expands or Tiles in a row become one, and a Transpose with the views around it",
  before: "a = Pad(x, [0, 1, 0, 1])  y = Pad(a, [2, 0, 0, 3])",
  after: "y = Pad(x, [2, 1, 0, 4])",
  numerics: "exact",
  specials: { mayChange: [], because: "elements are only moved" },
  order: {
    before: { "eliminate-transposes": "a Transpose between views moves in no direction" },
  },
  rules: [
    { operators: operatorsWith("view"), match: mergeViewsOfTranspose },
    { operators: ["Pad"], match: mergePads },
    { operators: ["Expand"], match: mergeExpands },
    { operators: ["Tile"], match: mergeTiles },
  ],
};

/** Two nodes of one operator in a row, where only the second reads the first. */
interface Pair {
  readonly first: Node;
  readonly source: Value;
  readonly output: Value;
}

function pairBefore(node: Node, opType: StandardOperator, facts: Facts): Pair | undefined {
  const [middle, output] = [node.input(0), node.output(0)];
  const first = middle?.producer;
  const source = first?.input(0);
  if (!node.is(opType) || node.hasReferences || middle?.uses.size !== 1) return undefined;
  if (!first?.is(opType) || first.hasReferences || first.graph !== node.graph || facts.isCall(first))
    return undefined;
  return source === undefined || output === undefined ? undefined : { first, source, output };
}

function mergePads(node: Node, { facts }: View): Proposal | undefined {
  const pair = pairBefore(node, "Pad", facts);
  if (pair === undefined || (facts.opset(node) ?? 0) < 2) return undefined;
  const { first, source } = pair;
  const [inner, outer] = [readPad(first, facts), readPad(node, facts)];
  if (isRefusal(inner) || isRefusal(outer)) return undefined;
  const by = bordersOfBoth(inner, outer);
  if (by === undefined) return undefined;
  const { mode } = outer;
  const pads = outer.pads.map((pad, at) => pad + (inner.pads[at] ?? 0));
  return {
    kind: "rewrite",
    summary: `${node.label} takes over the border of ${first.label}, which is removed`,
    apply: (rewriter) => {
      if ((facts.opset(node) ?? 0) < 11) {
        const value = { kind: "float", value: by.value } as const;
        replaceNode(rewriter, node, { opType: "Pad", inputs: [source], attributes: { mode, pads, value } }, [
          first,
        ]);
        return;
      }
      const filling = by.of.input(2);
      const inputs = [source, integersFor(rewriter, node, "pads", pads), ...(filling ? [filling] : [])];
      replaceNode(rewriter, node, { opType: "Pad", inputs, attributes: { mode } }, [first]);
    },
  };

  /** The Pad whose value fills the border of both; undefined where the two borders cannot be one. */
  function bordersOfBoth(a: Padding, b: Padding): { readonly of: Node; readonly value: number } | undefined {
    const grows = ({ pads }: Padding): boolean => pads.some((pad) => pad > 0);
    if (a.mode !== b.mode || !(a.mode === "constant" || a.mode === "edge")) return undefined;
    const fits = b.pads.every((pad, at) => {
      const before = a.pads[at] ?? 0;
      if (a.mode === "edge") return pad >= 0 && before >= 0;
      return before >= 0 ? pad + before >= 0 || before === 0 : pad <= 0;
    });
    if (!fits || (grows(a) && grows(b) && a.value !== b.value)) return undefined;
    return grows(b) ? { of: node, value: b.value } : { of: first, value: a.value };
  }
}

function mergeExpands(node: Node, { facts }: View): Proposal | undefined {
  const pair = pairBefore(node, "Expand", facts);
  const target = node.input(1);
  if (pair === undefined || target === undefined) return undefined;
  const { first, source, output } = pair;
  const sizes = facts.staticShape(output);
  const isWhole = saysTheShape(target, source, output, facts);
  if (!isWhole && sizes === undefined) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} expands the input of ${first.label}, which is removed`,
    apply: (rewriter) => {
      const shape = isWhole ? target : integersFor(rewriter, node, "shape", sizes ?? []);
      replaceNode(rewriter, node, { opType: "Expand", inputs: [source, shape] }, [first]);
    },
  };
}

/** Whether broadcasting `source` with the target alone gives the shape of the output. */
function saysTheShape(target: Value, source: Value, output: Value, facts: Facts): boolean {
  const [asked, own, whole] = [facts.elements(target), facts.shape(source), facts.shape(output)];
  if (asked === undefined || own === undefined || whole === undefined) return false;
  return whole.every((size, axis) => {
    const wanted = asked[axis - whole.length + asked.length] ?? 1;
    return (
      sameDim(wanted, size) || (wanted === 1 && sameDim(own[axis - whole.length + own.length] ?? 1, size))
    );
  });
}

function mergeTiles(node: Node, { facts }: View): Proposal | undefined {
  const pair = pairBefore(node, "Tile", facts);
  if (pair === undefined || (facts.opset(node) ?? 0) < 6) return undefined;
  const { first, source } = pair;
  const [inner, outer] = [first, node].map((tile) => {
    const repeats = tile.input(1);
    return repeats === undefined ? undefined : facts.numbers(repeats);
  });
  if (inner === undefined || outer === undefined || inner.length !== outer.length) return undefined;
  const repeats = outer.map((count, axis) => count * (inner[axis] ?? 1));
  return {
    kind: "rewrite",
    summary: `${node.label} takes over the repeats of ${first.label}, which is removed`,
    apply: (rewriter) => {
      const inputs = [source, integersFor(rewriter, node, "repeats", repeats)];
      replaceNode(rewriter, node, { opType: "Tile", inputs }, [first]);
    },
  };
}

/** A view behind a Transpose behind a view: one Transpose, where the views join axes and part the same ones again. */
function mergeViewsOfTranspose(node: Node, { facts }: View): Proposal | undefined {
  const [middle, output] = [node.input(0), node.output(0)];
  const transpose = middle?.producer;
  if (!hasTrait(node, "view") || node.hasReferences || middle?.uses.size !== 1 || output === undefined)
    return undefined;
  if (!transpose?.is("Transpose") || transpose.graph !== node.graph || facts.isCall(transpose))
    return undefined;
  const joined = transpose.input(0);
  const view = joined?.producer;
  const source = view?.input(0);
  if (joined === undefined || view === undefined || source === undefined) return undefined;
  if (!hasTrait(view, "view") || view.hasReferences || view.graph !== node.graph || facts.isCall(view))
    return undefined;
  const perm = permutationOf(transpose, facts);
  const [whole, own, result] = [facts.shape(joined), facts.shape(source), facts.shape(output)];
  if (isRefusal(perm) || whole === undefined || own === undefined || result === undefined) return undefined;
  const moved = perm.map((axis) => whole[axis]);
  // The views behind a further Transpose part the axes again: they go first.
  if (output.users.some((user) => user.is("Transpose"))) return undefined;
  const groups = groupsOf(result, moved);
  if (groups === undefined) return undefined;
  const before = inverse(perm).flatMap((axis) => groups[axis] ?? []);
  const parts = before.flatMap((axis) => result[axis] ?? []);
  const isSeen = sameShape(own, parts);
  const target = isSeen ? undefined : constantTarget(parts);
  // A view that only adds or drops axes of size 1 costs nothing where it is, and others look for it there.
  const isNegligible = sameShape(withoutOnes(moved), withoutOnes(result));
  if (!isSeen && (target === undefined || isNegligible)) return undefined;
  const order = result.map((_, axis) => before.indexOf(axis));
  return {
    kind: "rewrite",
    summary: `${node.label}, ${transpose.label} and ${view.label} become one Transpose`,
    apply: (rewriter) => {
      const gone = joined.uses.size === 1 && !joined.isPinned ? [transpose, view] : [transpose];
      const input = target === undefined ? source : viewed(rewriter, node, source, target);
      replaceNode(
        rewriter,
        node,
        { opType: "Transpose", inputs: [input], attributes: { perm: order } },
        gone,
      );
    },
  };
}

function withoutOnes(sizes: readonly MaybeDim[]): readonly MaybeDim[] {
  return sizes.filter((size) => size !== 1);
}

/** The sizes as a Reshape takes them, with -1 for a dynamic one; undefined for several of them, and for empty tensors. */
function constantTarget(sizes: readonly SymDim[]): readonly number[] | undefined {
  const dynamic = sizes.filter((size) => typeof size !== "number").length;
  if (dynamic > 1 || sizes.includes(0)) return undefined;
  return sizes.map((size) => (typeof size === "number" ? size : -1));
}

function viewed(rewriter: Rewriter, node: Node, source: Value, target: readonly number[]): Value {
  const graph = present(node.graph, `${node.label} is removed`);
  const inputs = [source, integersFor(rewriter, node, "parts", target)];
  const outputs = [graph.freshName(`${source.name}_parts`)];
  return present(
    rewriter.addNode(graph, { opType: "Reshape", inputs, outputs }, node).output(0),
    "an output",
  );
}

/** For each axis of `whole` the axes of `parts` that it joins; undefined where it joins no whole ones. */
function groupsOf(
  parts: readonly SymDim[],
  whole: readonly MaybeDim[],
): readonly (readonly number[])[] | undefined {
  const groups: number[][] = [];
  let next = 0;
  for (const size of whole) {
    const group: number[] = [];
    let joined: MaybeDim = 1;
    while (!sameDim(joined, size) && next < parts.length) {
      group.push(next);
      joined = mul(joined, parts[next++]);
    }
    if (!sameDim(joined, size)) return undefined;
    groups.push(group);
  }
  // Axes of size 1 that are left go with the last one.
  for (; next < parts.length; next++) {
    if (parts[next] !== 1) return undefined;
    groups.at(-1)?.push(next);
  }
  return groups;
}
