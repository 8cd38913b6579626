import { isRefusal } from "../src/base/refusal.js";
import type { Node, Value } from "../src/ir/graph.js";
import type { StandardOperator } from "../src/ir/operator-name.js";
import { type Padding, readPad } from "../src/rewrite/pad.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { integersFor, replaceNode } from "../src/rewrite/replace-node.js";
import { sameDim } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";

/**
 * Merge two Pads, Expands or Tiles in a row.
 *
 *   before   a = Pad(x, [0, 1, 0, 1])  y = Pad(a, [2, 0, 0, 3])
 *   after    y = Pad(x, [2, 1, 0, 4])
 *
 * Borders add up, repeats multiply, and the last of two Expands determines the shape.
 *
 * Requires   known pads and repeats; borders of one value, or of the edge; the second Pad cuts off only border that the first
 *            made, or the first cuts too; a second Expand whose target is the whole shape, or a known shape
 * Refuses    nothing: the first operator stays where others read it too
 * Numerics   exact
 */
export const mergeMovementChains: Pass = {
  kind: "rules",
  name: "merge-movement-chains",
  summary: "Two Pads, Expands or Tiles in a row become one",
  before: "a = Pad(x, [0, 1, 0, 1])  y = Pad(a, [2, 0, 0, 3])",
  after: "y = Pad(x, [2, 1, 0, 4])",
  numerics: "exact",
  specials: { mayChange: [], because: "elements are only moved" },
  order: "any place",
  rules: [
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
