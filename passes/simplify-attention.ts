import { present } from "../src/base/assert.js";
import { isRefusal } from "../src/base/refusal.js";
import { type Graph, initOf, type Node, type Value } from "../src/ir/graph.js";
import { repeatedHeads } from "../src/patterns/repeated-heads.js";
import { scalarStep } from "../src/patterns/scalar-terms.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import type { Rewriter } from "../src/rewrite/rewriter.js";
import { constantTensor } from "../src/rules/constants.js";
import { sameDim, sameShape } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";
import { permutationOf } from "../src/rules/layout/permutation.js";
import { normalAxis } from "../src/rules/shapes.js";

/**
 * Let Attention do what stands in front of it and behind it.
 *
 *   before   c = Concat <axis = 2> (past, k)  u = Unsqueeze (c, 2)  e = Expand (u, [B, 4, 2, T, 64])
 *            K = Reshape (e, [B, 8, T, 64])   y = Attention (Q, K, V)              # and the same of V
 *   after    y, c, d = Attention (Q, k, v, , past, past_values)
 *   before   r = Reshape (x, [B, T, 8, 64])  Q = Transpose <perm = [0, 2, 1, 3]> (r)   # and the same of K and V
 *            a = Attention (Q, K, V)  t = Transpose <perm = [0, 2, 1, 3]> (a)  y = Reshape (t, [B, T, 512])
 *   after    y = Attention <q_num_heads = 8, kv_num_heads = 8> (x, k, v)
 *
 * Source     ONNX Attention-23: heads of keys and values serve groups of queries (GQA, MQA); past keys and values stand in front
 *            of the new ones; of three axes, the last holds the heads
 * Requires   Attention; keys and values repeated, or put together, alike; a result of Concat that only outputs of the graph read
 *            beside, as present keys and values; a positive scale
 * Refuses    nothing. For onnxruntime, heads of float16 stay split, because its kernel is slower on joined ones
 * Numerics   rounding, where a scale goes in; else exact
 */
export const simplifyAttention: Pass = {
  kind: "rules",
  name: "simplify-attention",
  summary: "Attention takes in repeated keys and values, past ones, scales, and the splitting of heads",
  before: "u = Unsqueeze(k)  e = Expand(u, s)  K = Reshape(e, t)  y = Attention(Q, K, V)",
  after: "y = Attention(Q, k, v)",
  numerics: "rounding",
  specials: { mayChange: ["overflow"], because: "a scale goes from the queries to the scores" },
  order: "any place",
  rules: [
    { operators: ["Attention"], match: takeRepeats },
    { operators: ["Attention"], match: takePast },
    { operators: ["Attention"], match: takeScale },
    { operators: ["Attention"], match: takeMask },
    { operators: ["Attention"], match: takeHeads },
  ],
};

const [QUERY, KEYS, VALUES, MASK, PAST_KEYS] = [0, 1, 2, 3, 4];

interface Operands {
  readonly query: Value;
  readonly keys: Value;
  readonly values: Value;
}

/** The operands of an Attention on [batch, heads, sequence, width]. */
function operandsOf(node: Node, facts: Facts): Operands | undefined {
  const [query, keys, values] = [node.input(QUERY), node.input(KEYS), node.input(VALUES)];
  if (!node.is("Attention") || node.hasReferences || facts.isCall(node)) return undefined;
  if (query === undefined || keys === undefined || values === undefined) return undefined;
  return facts.rank(query) === 4 ? { query, keys, values } : undefined;
}

/** Whether the Attention gives its scores too, or present keys and values. */
function givesMore(node: Node): boolean {
  return node.outputs.slice(1).some((output) => output !== null);
}

function takeRepeats(node: Node, { facts }: View): Proposal | undefined {
  const operands = operandsOf(node, facts);
  if (operands === undefined || givesMore(node) || node.input(PAST_KEYS) !== undefined) return undefined;
  const [keys, values] = [repeatedHeads(operands.keys, facts), repeatedHeads(operands.values, facts)];
  if (keys === undefined || values === undefined) return undefined;
  const [k, v] = [facts.shape(keys), facts.shape(values)];
  if (!sameDim(k?.[1], v?.[1])) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} repeats heads of keys and values itself`,
    mayChange: [],
    apply: (rewriter) => {
      rewriter.setInput(node, KEYS, keys);
      rewriter.setInput(node, VALUES, values);
    },
  };
}

/** A Concat of past and new, of which only callers read the result too. */
function pastOf(value: Value, node: Node, facts: Facts): readonly [Value, Value] | undefined {
  const concat = value.producer;
  const [past, added, ...more] = concat?.inputs ?? [];
  if (!concat?.is("Concat") || concat.graph !== node.graph || concat.hasReferences || facts.isCall(concat))
    return undefined;
  if (!past || !added || more.length > 0 || value.isPinned) return undefined;
  if (normalAxis(concat.int("axis"), facts.rank(value)) !== 2) return undefined;
  const isRead = [...value.uses].some((use) =>
    use.kind === "node" ? use.node !== node : use.kind !== "output",
  );
  return isRead ? undefined : [past, added];
}

function takePast(node: Node, { facts }: View): Proposal | undefined {
  const operands = operandsOf(node, facts);
  if (
    operands === undefined ||
    givesMore(node) ||
    node.inputs.slice(PAST_KEYS).some((input) => input !== null)
  )
    return undefined;
  const { keys, values } = operands;
  // From where the causal mask counts with past keys has changed between versions.
  if (keys === values || node.int("is_causal", 0) !== 0) return undefined;
  const [k, v] = [pastOf(keys, node, facts), pastOf(values, node, facts)];
  if (k === undefined || v === undefined) return undefined;
  const lengths = [facts.shape(k[0])?.[2], facts.shape(v[0])?.[2]];
  if (!sameDim(lengths[0], lengths[1])) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} puts past keys and values in front itself`,
    mayChange: [],
    apply: (rewriter) => {
      const graph = present(node.graph, `${node.label} is removed`);
      const output = present(node.output(0), `${node.label} has an output`);
      const inputs = [operands.query, k[1], v[1], node.input(MASK) ?? null, k[0], v[0]];
      // onnxruntime wants the present ones, whether they are read or not.
      const outputs = [output, keys, values].map(({ name }) => graph.freshName(name));
      const made = rewriter.addNode(graph, { ...initOf(node), inputs, outputs }, node);
      rewriter.supersede(output, present(made.output(0), `${made.label} has an output`));
      rewriter.removeNode(node);
      for (const [index, old] of [keys, values].entries()) {
        rewriter.supersede(
          old,
          present(made.output(index + 1), `${made.label} gives present keys and values`),
        );
        rewriter.removeNode(present(old.producer, `"${old.name}" is computed`));
      }
    },
  };
}

/** Mul or Div by a number in front of queries or keys. */
function takeScale(node: Node, { facts }: View): Proposal | undefined {
  const operands = operandsOf(node, facts);
  if (operands === undefined || givesMore(node)) return undefined;
  const width = facts.shape(operands.query)?.[3];
  const own = node.float("scale") ?? (typeof width === "number" ? 1 / Math.sqrt(width) : undefined);
  if (own === undefined || own === 0) return undefined;
  const places = node.input(PAST_KEYS) === undefined ? [QUERY, KEYS] : [QUERY];
  const opset = facts.opset(node);
  if (opset === undefined) return undefined;
  for (const place of places) {
    const value = present(node.input(place), "queries and keys are there");
    if (value.uses.size !== 1 || value.isPinned) continue;
    const step = scalarStep(value, { facts, root: node, dtype: facts.dtype(value), opset });
    const scale = step === undefined ? 0 : Math.fround(own * step.scale);
    if (step === undefined || step.shift !== 0 || !(scale > 0) || !Number.isFinite(scale)) continue;
    return {
      kind: "rewrite",
      summary: `${node.label} takes in the number of ${step.node.label} as its scale`,
      apply: (rewriter) => {
        rewriter.setInput(node, place, step.input);
        rewriter.setAttribute(node, "scale", { kind: "float", value: scale });
        rewriter.removeNode(step.node);
      },
    };
  }
  return undefined;
}

/** A mask that is repeated for batches or heads only. */
function takeMask(node: Node, { facts }: View): Proposal | undefined {
  const mask = node.input(MASK);
  const expand = mask?.producer;
  const source = expand?.input(0);
  if (!node.is("Attention") || node.hasReferences || facts.isCall(node)) return undefined;
  if (mask === undefined || source === undefined || !expand?.is("Expand") || facts.isCall(expand))
    return undefined;
  const [whole, own] = [facts.shape(mask), facts.shape(source)];
  if (whole === undefined || own === undefined || own.length < 2) return undefined;
  if (!sameShape(own.slice(-2), whole.slice(-2))) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} repeats mask "${source.name}" itself`,
    mayChange: [],
    apply: (rewriter) => rewriter.setInput(node, MASK, source),
  };
}

/** [batch, sequence, heads * width], of which the operand is split into heads, and perhaps rotated. */
interface Heads {
  readonly source: Value;
  readonly count: number;
  readonly rotary: Node | undefined;
}

const SPLIT = "0,2,1,3";

function headsOf(operand: Value, node: Node, facts: Facts): Heads | undefined {
  const rotary = operand.producer?.is("RotaryEmbedding") ? operand.producer : undefined;
  if (rotary !== undefined && (rotary.hasReferences || facts.isCall(rotary))) return undefined;
  const value = rotary === undefined ? operand : rotary.input(0);
  const transpose = value?.producer;
  const split = transpose?.input(0);
  const view = split?.producer;
  const source = view?.input(0);
  if (!transpose?.is("Transpose") || !view?.is("Reshape") || split === undefined || source === undefined)
    return undefined;
  if (facts.isCall(transpose) || facts.isCall(view) || transpose.graph !== node.graph) return undefined;
  if ([operand, value].some((each) => each?.uses.size !== 1 || each.isPinned)) return undefined;
  const perm = permutationOf(transpose, facts);
  const [whole, parts] = [facts.shape(source), facts.shape(split)];
  const count = parts?.[2];
  if (isRefusal(perm) || perm.join() !== SPLIT || whole?.length !== 3 || parts?.length !== 4)
    return undefined;
  if (typeof count !== "number" || !sameDim(whole[0], parts[0]) || !sameDim(whole[1], parts[1]))
    return undefined;
  return { source, count, rotary };
}

function takeHeads(node: Node, { facts, settings }: View): Proposal | undefined {
  const operands = operandsOf(node, facts);
  const output = node.output(0);
  if (operands === undefined || output === undefined || givesMore(node)) return undefined;
  if (node.inputs.slice(PAST_KEYS).some((input) => input !== null)) return undefined;
  if (settings.target === "onnxruntime" && facts.dtype(output) !== "float") return undefined;
  const [back, ...others] = output.users;
  const joined = back?.output(0);
  if (!back?.is("Transpose") || others.length > 0 || joined === undefined || output.isPinned)
    return undefined;
  const perm = permutationOf(back, facts);
  if (isRefusal(perm) || perm.join() !== SPLIT || back.graph !== node.graph) return undefined;
  const views = joined.users;
  const areViews = views.every((view) => view.is("Reshape") && view.input(0) === joined && readsAlike(view));
  if (views.length === 0 || views.length !== joined.uses.size || joined.isPinned || !areViews)
    return undefined;
  const { query, keys, values } = operands;
  const [q, k, v] = [query, keys, values].map((value) => headsOf(value, node, facts));
  if (q === undefined || k === undefined || v === undefined || k.count !== v.count) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} splits and joins its ${q.count} heads itself`,
    mayChange: [],
    apply: (rewriter) => {
      const graph = present(node.graph, `${node.label} is removed`);
      const split = [q, k, v].map((heads) => flat(heads, node, graph, rewriter));
      const inputs = [...split, ...node.inputs.slice(MASK)];
      const outputs = [graph.freshName(output.name)];
      const made = rewriter.addNode(graph, { ...initOf(node), inputs, outputs }, node);
      rewriter.setAttribute(made, "q_num_heads", q.count);
      rewriter.setAttribute(made, "kv_num_heads", k.count);
      const result = present(made.output(0), `${made.label} has an output`);
      for (const view of views) rewriter.setInput(view, 0, result);
      rewriter.removeNode(back);
      rewriter.removeNode(node);
    },
  };
}

/** The operand with its heads joined, rotated there. */
function flat({ source, count, rotary }: Heads, node: Node, graph: Graph, rewriter: Rewriter): Value {
  if (rotary === undefined) return source;
  const outputs = [graph.freshName(rotary.output(0)?.name ?? rotary.opType)];
  const inputs = [source, ...rotary.inputs.slice(1)];
  const made = rewriter.addNode(graph, { ...initOf(rotary), inputs, outputs }, node);
  rewriter.setAttribute(made, "num_heads", count);
  return present(made.output(0), `${made.label} has an output`);
}

/** Whether the view means the same with heads joined: of sizes that it copies by 0, batch and sequence are where they were. */
function readsAlike(view: Node): boolean {
  const target = constantTensor(view.input(1));
  return target !== undefined && [...target.toFloat64()].every((size, axis) => size !== 0 || axis < 2);
}
