import { isRefusal } from "../base/refusal.js";
import type { Node, Value } from "../ir/graph.js";
import { type SymDim, sameDim } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import { isIdentity, type Permutation, permutationOf } from "../rules/layout/permutation.js";
import { type Context, producerOf } from "./found.js";
import { scalarStep } from "./scalar-terms.js";

/** The keys of an attention: a value, or one whose axes have to be permuted first. */
export interface Keys {
  readonly value: Value;
  /** undefined: as it is. */
  readonly perm: Permutation | undefined;
}

/** softmax(softcap tanh(scale Q K^T / softcap) + mask) V, as the operator Attention has it. */
export interface AttentionReading {
  readonly query: Value;
  readonly keys: Keys;
  readonly values: Value;
  /** What is added to the scores: nothing, a mask, or a bias and a mask. */
  readonly masks: readonly Value[];
  readonly scale: number;
  readonly softcap: number | undefined;
  /** Whether the softmax is computed in float where the rest is float16. */
  readonly inFloat: boolean;
  /** The sizes of the scores: [batch, heads, queries, keys], or without heads. */
  readonly scores: readonly SymDim[];
  /** The nodes of the expression behind queries, keys and values; the last gives the result. */
  readonly nodes: readonly Node[];
}

/** A part of the expression: the value that it starts from, a number, and its nodes from the last to the first. */
interface Part {
  readonly value: Value;
  readonly factor: number;
  readonly nodes: readonly Node[];
}

/** Reads the attention that ends in the MatMul; undefined for any other product. */
export function readAttention(product: Node, facts: Facts): AttentionReading | undefined {
  const result = product.output(0);
  const [weights, values] = [product.input(0), product.input(1)];
  if (result === undefined || weights === undefined || values === undefined) return undefined;
  const opset = facts.opset(product);
  if (opset === undefined || product.hasReferences || facts.isCall(product)) return undefined;
  const context: Context = { facts, root: product, dtype: facts.dtype(result), opset };
  const softmax = readSoftmax(weights, context);
  if (softmax === undefined) return undefined;
  for (const masked of readMasked(softmax.value, context)) {
    const read = readScores(masked.scores, context);
    if (read === undefined) continue;
    const { query, keys, scores } = read;
    if (!belongTogether(query, scores, values, facts)) continue;
    const nodes = [product, ...softmax.nodes, ...masked.nodes, ...read.nodes].reverse();
    const { scale, softcap } = read;
    return {
      query,
      keys,
      values,
      masks: masked.masks,
      scale,
      softcap,
      inFloat: softmax.inFloat,
      scores,
      nodes,
    };
  }
  return undefined;
}

/** The softmax of the scores, in float perhaps, and perhaps with zeros in the place of rows that are NaN. */
function readSoftmax(
  weights: Value,
  context: Context,
): { readonly value: Value; readonly nodes: readonly Node[]; readonly inFloat: boolean } | undefined {
  const guarded = readGuard(weights, context);
  const [at, nodes] = guarded === undefined ? [weights, []] : [guarded.value, guarded.nodes];
  const down = context.dtype === "float16" ? producerOf(at, "Cast", context) : undefined;
  const node = producerOf(down?.input(0) ?? at, "Softmax", context);
  const input = node?.input(0);
  const rank = input === undefined ? undefined : context.facts.rank(input);
  if (node === undefined || input === undefined || rank === undefined) return undefined;
  if (![-1, rank - 1].includes(node.int("axis", -1))) return undefined;
  const own = down === undefined ? [node] : [down, node];
  if (down === undefined) return { value: input, nodes: [...nodes, ...own], inFloat: false };
  const up = producerOf(input, "Cast", context);
  const scores = up?.input(0);
  if (up === undefined || scores === undefined || context.facts.dtype(input) !== "float") return undefined;
  if (context.facts.dtype(scores) !== "float16") return undefined;
  return { value: scores, nodes: [...nodes, ...own, up], inFloat: true };
}

/** Where(IsNaN(p), 0, p), by which PyTorch gives zero for a query that may attend to nothing. */
function readGuard(value: Value, context: Context): Part | undefined {
  const where = producerOf(value, "Where", context);
  const [condition, zero, weights] = [where?.input(0), where?.input(1), where?.input(2)];
  const test = condition === undefined ? undefined : producerOf(condition, "IsNaN", context);
  if (where === undefined || test === undefined || zero === undefined || weights === undefined)
    return undefined;
  const numbers = context.facts.numbers(zero);
  if (test.input(0) !== weights || numbers?.length !== 1 || numbers[0] !== 0) return undefined;
  return { value: weights, factor: 1, nodes: [where, test] };
}

/** The scores with up to two masks added, operands in either order, or without one. */
function* readMasked(
  value: Value,
  context: Context,
  most = 2,
): Iterable<{ readonly scores: Value; readonly masks: readonly Value[]; readonly nodes: readonly Node[] }> {
  yield { scores: value, masks: [], nodes: [] };
  const sum = most === 0 ? undefined : producerOf(value, "Add", context);
  const [a, b] = [sum?.input(0), sum?.input(1)];
  if (sum === undefined || a === undefined || b === undefined) return;
  for (const [inner, mask] of [
    [a, b],
    [b, a],
  ] as const) {
    for (const { scores, masks, nodes } of readMasked(inner, context, most - 1)) {
      yield { scores, masks: [...masks, mask], nodes: [sum, ...nodes] };
    }
  }
}

/** scale Q K^T, perhaps limited by softcap tanh(... / softcap). */
function readScores(
  value: Value,
  context: Context,
): Pick<AttentionReading, "query" | "keys" | "scale" | "softcap" | "scores" | "nodes"> | undefined {
  const outer = scaled(value, context);
  const tanh = producerOf(outer.value, "Tanh", context);
  const capped = tanh?.input(0);
  const inner = capped === undefined ? outer : scaled(capped, context);
  const product = producerOf(inner.value, "MatMul", context);
  const [q, k] = [product?.input(0), product?.input(1)];
  const scores = context.facts.shape(inner.value);
  if (product === undefined || q === undefined || k === undefined || scores === undefined) return undefined;
  const [own, rank] = [context.facts.shape(k), scores.length];
  if (own?.length !== rank || !scores.slice(0, -2).every((dim, axis) => sameDim(dim, own[axis])))
    return undefined;
  const [query, transposed] = [scaled(q, context), scaled(k, context)];
  const keys = keysOf(transposed.value, context);
  const softcap = tanh === undefined ? undefined : outer.factor;
  const scale = query.factor * transposed.factor * inner.factor * (softcap ?? 1);
  const isPositive = scale > 0 && (softcap ?? 1) > 0 && Math.fround(scale) < Number.POSITIVE_INFINITY;
  if (keys === undefined || !isPositive || Math.fround(scale) === 0) return undefined;
  const before = tanh === undefined ? inner.nodes : [...outer.nodes, tanh, ...inner.nodes];
  const nodes = [...before, product, ...transposed.nodes, ...query.nodes];
  return { query: query.value, keys, scale, softcap, scores, nodes };
}

/** The value as a number times another, through the operators whose results nothing else reads. */
function scaled(value: Value, context: Context): Part {
  let [at, factor, nodes]: [Value, number, readonly Node[]] = [value, 1, []];
  for (;;) {
    const step = at.uses.size === 1 && !at.isPinned ? scalarStep(at, context) : undefined;
    if (step === undefined || step.shift !== 0) return { value: at, factor, nodes };
    [at, factor, nodes] = [step.input, factor * step.scale, [...nodes, step.node]];
  }
}

/** The keys whose last two axes are exchanged in `transposed`. */
function keysOf(transposed: Value, context: Context): Keys | undefined {
  const { facts } = context;
  const node = producerOf(transposed, "Transpose", context);
  const source = node?.input(0);
  if (node === undefined || source === undefined) return undefined;
  const perm = permutationOf(node, facts);
  if (isRefusal(perm) || perm.length < 3) return undefined;
  const [last, beforeLast] = [perm.at(-1), perm.at(-2)];
  if (last === undefined || beforeLast === undefined) return undefined;
  const whole = [...perm.slice(0, -2), last, beforeLast];
  return { value: source, perm: isIdentity(whole) ? undefined : whole };
}

/** Whether nothing broadcasts: batches and heads are the same of queries, keys, values and scores. */
function belongTogether(query: Value, scores: readonly SymDim[], values: Value, facts: Facts): boolean {
  const [q, v] = [facts.shape(query), facts.shape(values)];
  const rank = scores.length;
  if ((rank !== 3 && rank !== 4) || q?.length !== rank || v?.length !== rank) return false;
  return scores.slice(0, -2).every((dim, axis) => sameDim(dim, q[axis]) && sameDim(dim, v[axis]));
}
