import { present } from "../src/base/assert.js";
import type { Node, Value } from "../src/ir/graph.js";
import type { StandardOperator } from "../src/ir/operator-name.js";
import { rowOf } from "../src/ops/catalogue.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { integersFor } from "../src/rewrite/replace-node.js";
import type { Rewriter } from "../src/rewrite/rewriter.js";
import { constantTensor } from "../src/rules/constants.js";
import { type SymDim, sameDim } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";

/** The input of each operator that holds sizes. */
const SIZES: ReadonlyMap<StandardOperator, number> = new Map([
  ["ConstantOfShape", 0],
  ["Expand", 1],
  ["Reshape", 1],
  ["Resize", 3],
]);

/** The most nodes of a computation of sizes; exporters write a dozen. */
const MAX_NODES = 48;

/**
 * Take computed sizes straight from the Shape of the tensor that they come from.
 *
 *   before   s = Shape(x)  n = Gather(s, 0)  u = Unsqueeze(n)  t = Concat(u, [-1, -1])
 *            m = Equal(t, [-1, -1, -1])  z = Where(m, [1, 1, 1], t)  y = Expand(w, z)
 *   after    n = Shape <start = 0, end = 1> (x)  t = Concat(n, [1, 1])  y = Expand(w, t)
 *
 * Source     ONNX Shape-15 gives a range of sizes; before it, a Gather picks them from all sizes
 * Requires   every element known as a number or as a size of one tensor, whose Shape the computation reads
 * Refuses    nothing: the rewrite is made where it leaves fewer nodes
 * Numerics   exact
 */
export const simplifySizes: Pass = {
  kind: "rules",
  name: "simplify-sizes",
  summary: "Sizes that several operators compute are taken straight from Shape",
  before: "s = Shape(x)  n = Gather(s, 0)  u = Unsqueeze(n)  t = Concat(u, c)  y = Expand(w, t)",
  after: "n = Shape<start = 0, end = 1>(x)  t = Concat(n, c)  y = Expand(w, t)",
  numerics: "exact",
  specials: { mayChange: [], because: "its values are integers" },
  order: "any place",
  rules: [{ operators: [...SIZES.keys()], match }],
};

/** Constant numbers, or sizes of the source by their axes. */
type Piece = { readonly numbers: readonly number[] } | { readonly axes: readonly number[] };

function match(node: Node, { facts }: View): Proposal | undefined {
  const position = rowOf(SIZES, node);
  const sizes = position === undefined ? undefined : node.input(position);
  const last = sizes?.producer;
  if (sizes === undefined || last?.graph === undefined || node.hasReferences || facts.isCall(node))
    return undefined;
  if (constantTensor(sizes) !== undefined || sizes.pinnedBecause !== undefined || sizes.isGraphOutput)
    return undefined;
  const elements = facts.elements(sizes);
  if (elements === undefined || facts.rank(sizes) !== 1 || facts.dtype(sizes) !== "int64") return undefined;
  const computation = last.is("Shape") ? undefined : computationOf(last);
  if (computation === undefined) return undefined;
  for (const shape of computation) {
    if (!shape.is("Shape") || shape.graph !== last.graph) continue;
    const plan = planOf(elements, shape, facts);
    if (plan === undefined || nodesSaved(last, shape, computation, plan) <= 0) continue;
    return {
      kind: "rewrite",
      summary: `${node.label} gets its sizes from ${shape.label}`,
      apply: (rewriter) => rebuild(plan, sizes, last, rewriter),
    };
  }
  return undefined;
}

/** The nodes of the same graph that compute `last`, `last` first; the nodes before a Shape are not among them. */
function computationOf(last: Node): ReadonlySet<Node> | undefined {
  const nodes = new Set([last]);
  for (const node of nodes) {
    if (nodes.size > MAX_NODES) return undefined;
    if (node.is("Shape")) continue;
    for (const input of node.inputs) {
      if (input?.producer !== undefined && input.graph === last.graph) nodes.add(input.producer);
    }
  }
  return nodes;
}

interface Plan {
  readonly source: Value;
  /** The output of the Shape that exists already, if it gives all sizes of the source. */
  readonly all: Value | undefined;
  readonly rank: number;
  readonly hasRanges: boolean;
  readonly pieces: readonly Piece[];
}

function planOf(elements: readonly SymDim[], shape: Node, facts: Facts): Plan | undefined {
  const [source, given] = [shape.input(0), shape.output(0)];
  const dims = source && facts.shape(source);
  if (source === undefined || given === undefined || dims === undefined) return undefined;
  const hasRanges = (facts.opset(shape) ?? 0) >= 15;
  const all = facts.elements(given)?.length === dims.length ? given : undefined;
  const planned = { source, all, rank: dims.length, hasRanges };
  const axes = elements.map((element) => dims.findIndex((dim) => sameDim(dim, element)));
  if (axes.every((axis) => axis >= 0)) return checked({ ...planned, pieces: [{ axes }] });
  const pieces: Piece[] = [];
  for (const [i, element] of elements.entries()) {
    const axis = axes[i] ?? -1;
    const before = pieces.at(-1);
    if (typeof element === "number") {
      if (before !== undefined && "numbers" in before)
        pieces[pieces.length - 1] = { numbers: [...before.numbers, element] };
      else pieces.push({ numbers: [element] });
    } else if (axis < 0) return undefined;
    else if (before !== undefined && "axes" in before)
      pieces[pieces.length - 1] = { axes: [...before.axes, axis] };
    else pieces.push({ axes: [axis] });
  }
  return checked({ ...planned, pieces });
}

/** The plan, if each of its pieces can be made. */
function checked(plan: Plan): Plan | undefined {
  return plan.all === undefined && plan.pieces.some((piece) => wayOf(plan, piece) === "gather")
    ? undefined
    : plan;
}

/** How a piece is made: it is there, or a Shape or a Gather gives it. */
function wayOf(plan: Plan, piece: Piece): "constant" | "all" | "range" | "gather" {
  if ("numbers" in piece) return "constant";
  const { axes } = piece;
  const isRange = axes.every((axis, i) => axis === (axes[0] ?? 0) + i);
  if (plan.all !== undefined && isRange && axes.length === plan.rank) return "all";
  return isRange && plan.hasRanges ? "range" : "gather";
}

/** How many nodes the rewrite saves: `last` and the nodes that only it needs, less the nodes of the plan. */
function nodesSaved(last: Node, shape: Node, computation: ReadonlySet<Node>, plan: Plan): number {
  const ways = plan.pieces.map((piece) => wayOf(plan, piece));
  const kept = ways.some((way) => way === "all" || way === "gather") ? shape : undefined;
  const gone = new Set<Node>([last]);
  for (let before = 0; before < gone.size; ) {
    before = gone.size;
    for (const node of computation) {
      if (node !== kept && !gone.has(node) && isOnlyFor(node, gone)) gone.add(node);
    }
  }
  const made = ways.filter((way) => way === "range" || way === "gather").length;
  return gone.size - made - (ways.length > 1 ? 1 : 0);
}

function isOnlyFor(node: Node, readers: ReadonlySet<Node>): boolean {
  return node.outputs.every(
    (value) =>
      value === null ||
      (!value.isGraphOutput && [...value.uses].every((use) => use.kind === "node" && readers.has(use.node))),
  );
}

function rebuild(plan: Plan, sizes: Value, last: Node, rewriter: Rewriter): void {
  const graph = present(last.graph, `${last.label} is removed`);
  const listOf = (numbers: readonly number[]): Value => integersFor(rewriter, last, "list", numbers);
  const added = (
    opType: string,
    inputs: readonly Value[],
    attributes: Record<string, number> = {},
  ): Value => {
    const init = { opType, inputs, attributes, outputs: [graph.freshName(sizes.name)] };
    return present(rewriter.addNode(graph, init, last).output(0), `a ${opType} has an output`);
  };
  const parts = plan.pieces.map((piece) => {
    if ("numbers" in piece) return listOf(piece.numbers);
    const way = wayOf(plan, piece);
    const [start = 0] = piece.axes;
    if (way === "range") return added("Shape", [plan.source], { start, end: start + piece.axes.length });
    const all = present(plan.all, "a piece that is taken from all sizes");
    return way === "all" ? all : added("Gather", [all, listOf(piece.axes)]);
  });
  const [only] = parts;
  const whole = parts.length === 1 && only !== undefined ? only : added("Concat", parts, { axis: 0 });
  rewriter.replaceUses(sizes, whole);
  rewriter.removeNode(last);
}
