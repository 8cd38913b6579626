import { present } from "../src/base/assert.js";
import type { Refusal } from "../src/base/refusal.js";
import { type Graph, initOf, type Node, type Value } from "../src/ir/graph.js";
import { tensorFromNumbers } from "../src/ir/tensor.js";
import { type Half, type HalfTable, readRotary } from "../src/patterns/rotary.js";
import { readOutside } from "../src/rewrite/fuse-compound.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { refusals } from "../src/rewrite/refusals.js";
import { replaceExpression } from "../src/rewrite/replace-node.js";
import type { Rewriter } from "../src/rewrite/rewriter.js";
import type { Facts } from "../src/rules/facts.js";
import { normalAxis } from "../src/rules/shapes.js";

/**
 * Replace a spelled-out rotary embedding by the operator RotaryEmbedding.
 *
 *   before   f = Concat (angles, angles)  c = Cos (f)  s = Sin (f)  C = Unsqueeze (c, 1)  S = Unsqueeze (s, 1)
 *            a = Slice (x, 0, 4, 3)  b = Slice (x, 4, 8, 3)  n = Neg (b)  r = Concat (n, a)
 *            p = Mul (x, C)  q = Mul (r, S)  y = Add (p, q)
 *   after    c = Cos (angles)  s = Sin (angles)  y = RotaryEmbedding (x, c, s)
 *   before   a = Slice (x, 0, 4, 3)  r = RotaryEmbedding (a, c, s)  b = Slice (x, 4, 8, 3)  y = Concat (r, b)
 *   after    y = RotaryEmbedding <rotary_embedding_dim = 4> (x, c, s)
 *
 * Math       [a cos - b sin, b cos + a sin] of the halves a and b of x
 * Source     Su et al. 2021; ONNX RotaryEmbedding-23; the spelling of transformers, as both exporters of PyTorch write it
 * Requires   opset 23; float or float16 of [batch, heads, sequence, width]; tables whose halves are proven equal, that all heads
 *            share: constants, or computed of angles that are repeated
 * Refuses    values inside with other readers; a constant table for a batch whose size is not known
 * Numerics   rounding
 */
export const fuseRotaryEmbedding: Pass = {
  kind: "rules",
  name: "fuse-rotary-embedding",
  summary: "a rotary embedding that is spelled out becomes one RotaryEmbedding, from opset 23 on",
  before: "n = Neg(b)  r = Concat(n, a)  p = Mul(x, C)  q = Mul(r, S)  y = Add(p, q)",
  after: "y = RotaryEmbedding(x, c, s)",
  numerics: "rounding",
  specials: { mayChange: ["negative-zero", "overflow"], because: "products are added in another order" },
  order: {
    before: { "eliminate-transposes": "the Transpose of the heads would move through its parts" },
  },
  rules: [
    { operators: ["Add"], match },
    { operators: ["Concat"], match: matchPartial },
  ],
};

/** The first version of the standard operator set with RotaryEmbedding. */
const SINCE = 23;

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const reading = readRotary(node, facts);
  const [output, graph, opset] = [node.output(0), node.graph, facts.opset(node)];
  if (reading === undefined || output === undefined || graph === undefined || opset === undefined)
    return undefined;
  const dtype = facts.dtype(output);
  if (dtype !== "float" && dtype !== "float16") return undefined;
  const outside = readOutside({ opType: "RotaryEmbedding", nodes: reading.nodes }, node);
  if (outside !== undefined) return outside;
  if (opset < SINCE) return refusals.opsetLacksOperator("RotaryEmbedding", opset, SINCE);
  const { input, cos, sin, nodes } = reading;
  const positions = cos.kind === "constant" ? positionsOf(input, facts) : [];
  if (positions === undefined) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} and what it ends become one RotaryEmbedding`,
    apply: (rewriter) => {
      const tables = [cos, sin].map((table) => tableFor(table, graph, node, rewriter));
      const inputs = [input, ...tables];
      if (positions.length > 0) inputs.push(positionsFor(positions, graph, node, rewriter));
      replaceExpression(rewriter, node, { opType: "RotaryEmbedding", inputs }, nodes);
    },
  };
}

/** [batch, sequence] for the positions of a constant table, which all of the batch share. */
function positionsOf(input: Value, facts: Facts): readonly number[] | undefined {
  const [batch, , sequence] = facts.shape(input) ?? [];
  return typeof batch === "number" && typeof sequence === "number" ? [batch, sequence] : undefined;
}

function positionsFor(
  [batch = 0, sequence = 0]: readonly number[],
  graph: Graph,
  node: Node,
  rewriter: Rewriter,
): Value {
  const elements = Array.from({ length: batch * sequence }, (_, index) => index % sequence);
  const tensor = tensorFromNumbers("int64", [batch, sequence], elements);
  return rewriter.addConstant(graph, "position_ids", tensor, node);
}

function tableFor(table: HalfTable, graph: Graph, node: Node, rewriter: Rewriter): Value {
  if (table.kind === "constant") return rewriter.addConstant(graph, `${table.name}_half`, table.tensor, node);
  return written(table.half, graph, node, rewriter);
}

/** The operators of a table once more, for its half; equal ones of several embeddings are merged later. */
function written(half: Half, graph: Graph, node: Node, rewriter: Rewriter): Value {
  if (half.kind === "value") return half.value;
  const { opType, attributes } = half.node;
  const inner = written(half.half, graph, node, rewriter);
  const inputs = half.node.inputs.map((input, index) => (index === half.input ? inner : input));
  const outputs = [graph.freshName(`${half.node.output(0)?.name ?? opType}_half`)];
  const init = { opType, inputs, outputs, attributes: [...attributes.values()] };
  return present(rewriter.addNode(graph, init, node).output(0), `${opType} has an output`);
}

/** A rotary embedding of the first part of the last axis, with the rest behind it. */
function matchPartial(node: Node, { facts }: View): Proposal | undefined {
  const [first, rest, ...more] = node.inputs;
  const output = node.output(0);
  if (!node.is("Concat") || node.hasReferences || !first || !rest || more.length > 0) return undefined;
  const rank = output && facts.rank(output);
  const rotary = first.producer;
  const part = rotary?.input(0);
  if (rank !== 4 || normalAxis(node.int("axis"), rank) !== 3 || output === undefined) return undefined;
  if (!rotary?.is("RotaryEmbedding") || rotary.hasReferences || facts.isCall(rotary) || part === undefined)
    return undefined;
  if (
    first.uses.size !== 1 ||
    first.isPinned ||
    rotary.graph !== node.graph ||
    rotary.int("rotary_embedding_dim", 0) !== 0
  )
    return undefined;
  const whole = wholeOf(part, rest, facts);
  const width = facts.shape(part)?.[3];
  if (whole === undefined || typeof width !== "number") return undefined;
  return {
    kind: "rewrite",
    summary: `${rotary.label} leaves the rest of its input alone itself`,
    mayChange: [],
    apply: (rewriter) => {
      const graph = present(node.graph, `${node.label} is removed`);
      const outputs = [graph.freshName(first.name)];
      const inputs = [whole, ...rotary.inputs.slice(1)];
      const made = rewriter.addNode(graph, { ...initOf(rotary), inputs, outputs }, node);
      rewriter.setAttribute(made, "rotary_embedding_dim", width);
      rewriter.supersede(output, present(made.output(0), `${made.label} has an output`));
      rewriter.removeNode(node);
      rewriter.removeNode(rotary);
    },
  };
}

/** The value of which the two are the first and the last elements along the last axis, by Slices or one Split. */
function wholeOf(part: Value, rest: Value, facts: Facts): Value | undefined {
  const [a, b] = [part.producer, rest.producer];
  const whole = a?.input(0);
  const widths = [whole, part, rest].map((value) => value && facts.shape(value)?.[3]);
  const [width, first, last] = widths;
  if (a === undefined || b === undefined || whole === undefined || whole !== b.input(0)) return undefined;
  if (typeof width !== "number" || typeof first !== "number" || typeof last !== "number") return undefined;
  if (first + last !== width || facts.isCall(a) || facts.isCall(b)) return undefined;
  if (a.is("Split") && a === b) {
    const isLast = normalAxis(a.int("axis", 0), 4) === 3;
    return isLast && a.outputs.length === 2 && a.outputs[0] === part ? whole : undefined;
  }
  return startOf(a, facts) === 0 && startOf(b, facts) === first ? whole : undefined;
}

/** Where a Slice along the last axis alone starts. */
function startOf(node: Node, facts: Facts): number | undefined {
  if (!node.is("Slice") || node.hasReferences) return undefined;
  const [starts, axes, steps] = [1, 3, 4].map((index) => {
    const operand = node.input(index);
    return operand && facts.numbers(operand);
  });
  if (starts?.length !== 1 || axes?.length !== 1 || (steps !== undefined && steps[0] !== 1)) return undefined;
  return normalAxis(axes[0], 4) === 3 ? starts[0] : undefined;
}
