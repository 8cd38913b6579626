import { isRefusal } from "../src/base/refusal.js";
import type { Node, Value } from "../src/ir/graph.js";
import type { StandardOperator } from "../src/ir/operator-name.js";
import { type Padding, readPad } from "../src/ops/movement/pad.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { integersFor, replaceNode } from "../src/rewrite/replace-node.js";
import { sameDim } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";

/**
 * Make one Pad, Expand or Tile of two in a row.
 *
 *   before   a = Pad(x, [0, 1, 0, 1])  y = Pad(a, [2, 0, 0, 3])
 *   after    y = Pad(x, [2, 1, 0, 4])
 *
 * Borders add up, repeats multiply, and of two Expands the last says the shape.
 *
 * Requires   known pads and repeats; borders of one value, or of the edge; what the second Pad cuts off lies in the border
 *            that the first has made, or the first has cut too; the second Expand's target is the whole shape, or the
 *            shape is known
 * Refuses    nothing: a value between the two that others read keeps its node
 * Numerics   exact
 */
export const mergeMovementChains: Pass = {
  kind: "rules",
  name: "merge-movement-chains",
  summary: "Two Pads, Expands or Tiles in a row become one",
  before: "a = Pad(x, [0, 1, 0, 1])  y = Pad(a, [2, 0, 0, 3])",
  after: "y = Pad(x, [2, 1, 0, 4])",
  numerics: "exact",
  rules: [
    { operators: ["Pad"], match: mergePads },
    { operators: ["Expand"], match: mergeExpands },
    { operators: ["Tile"], match: mergeTiles },
  ],
};

/** Two of one operator in a row, where nothing else reads what is between. */
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
    summary: `${node.label} pads what ${first.label} had padded, which goes`,
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

  /** The Pad that says what the border of both is filled with; undefined where they are not one border. */
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
    summary: `${node.label} expands what ${first.label} had expanded, which goes`,
    apply: (rewriter) => {
      const shape = isWhole ? target : integersFor(rewriter, node, "shape", sizes ?? []);
      replaceNode(rewriter, node, { opType: "Expand", inputs: [source, shape] }, [first]);
    },
  };
}

/** Whether `source` broadcast with the target alone has the shape of the output. */
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
    summary: `${node.label} repeats what ${first.label} had repeated, which goes`,
    apply: (rewriter) => {
      const inputs = [source, integersFor(rewriter, node, "repeats", repeats)];
      replaceNode(rewriter, node, { opType: "Tile", inputs }, [first]);
    },
  };
}
