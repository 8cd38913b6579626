import type { Value } from "../../../src/index.js";
import type { Exporter, Size } from "./exporter.js";

/** Queries, keys and values by head: [batch, heads, tokens, width]. */
export interface Heads {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
}

interface Scores {
  /** The width of a head. */
  readonly width: number;
  /** Added to the scores. */
  readonly mask?: Value;
  /** Whether a row may be masked as a whole, so that its NaN is replaced. */
  readonly guarded?: boolean;
  /** Whether the scale is a number in the program, not read from the shape. */
  readonly isScaled?: boolean;
}

/** torch.nn.functional.scaled_dot_product_attention: the root of the scale on both operands. */
export function attention(e: Exporter, { q, k, v }: Heads, scores: Scores): Value {
  const script = e.dialect.exporter === "torchscript";
  const root = script && scores.isScaled !== true ? rootOfScale(e, q) : () => e.number(scores.width ** -0.25);
  const keys = script || scores.mask === undefined ? e.transpose(k, 0, 1, 3, 2) : turned(e, k, scores.width);
  const product = e.apply("MatMul", [e.mul(q, root()), e.mul(keys, root())]);
  return weighted(e, product, v, scores);
}

/** The same written out by a model itself: the scores are scaled. */
export function eagerAttention(
  e: Exporter,
  { q, k, v }: Heads,
  scores: Scores,
  by: "Mul" | "Div" = "Mul",
): Value {
  const product = e.apply("MatMul", [q, e.transpose(k, 0, 1, 3, 2)]);
  const factor = scores.width ** (by === "Mul" ? -0.5 : 0.5);
  return weighted(e, e.apply(by, [product, e.number(factor)]), v, scores);
}

function weighted(e: Exporter, product: Value, v: Value, { mask, guarded = false }: Scores): Value {
  const weights = e.softmax(mask === undefined ? product : e.add(product, mask));
  const kept = guarded ? e.apply("Where", [e.apply("IsNaN", [weights]), e.number(0), weights]) : weights;
  return e.apply("MatMul", [kept, v]);
}

/** The root of 1 / sqrt(width), computed from the shape of the queries, twice. */
function rootOfScale(e: Exporter, q: Value): () => Value {
  const width = e.apply("Slice", [e.apply("Shape", [q]), e.ints(-1), e.ints(2 ** 53 - 1)]);
  const cast = (x: Value): Value => e.apply("Cast", [x], { to: 1 });
  const scale = cast(e.apply("Div", [e.constant([1], 1, 1), e.apply("Sqrt", [cast(width)])]));
  return () => e.apply("Sqrt", [scale]);
}

/** Keys with their last axes exchanged, by way of one batch axis, as the dynamo exporter does beside a mask. */
function turned(e: Exporter, k: Value, width: number): Value {
  const shape = e.apply("Shape", [k], { start: 0 });
  const part = (from: number, to: number): Value => e.apply("Slice", [shape, e.ints(from), e.ints(to)]);
  const [last, tokens, lead] = [part(-1, 2 ** 53 - 1), part(-2, -1), part(-(2 ** 53 - 1), -2)];
  const flat = e.apply("Reshape", [k, e.apply("Concat", [e.ints(-1), tokens, e.ints(width)], { axis: 0 })]);
  const back = e.apply("Concat", [lead, last, tokens], { axis: 0 });
  return e.apply("Reshape", [e.transpose(flat, 0, 2, 1), back]);
}

/** [batch, tokens, heads * width] to [batch, heads, tokens, width]. */
export function splitHeads(
  e: Exporter,
  x: Value,
  batch: Size,
  tokens: Size,
  heads: number,
  width: number,
): Value {
  return e.transpose(e.reshape(x, batch, tokens, heads, width), 0, 2, 1, 3);
}

/** [batch, heads, tokens, width] to [batch, tokens, width of all heads]. */
export function joinHeads(e: Exporter, x: Value, batch: Size, tokens: Size, width: number): Value {
  return e.reshape(e.transpose(x, 0, 2, 1, 3), batch, tokens, width);
}

/** timm's attention: one linear layer for queries, keys and values. */
export function jointAttention(e: Exporter, x: Value, tokens: number, width: number, heads: number): Value {
  const batch = e.size(x, 0, "batch");
  const head = width / heads;
  const joint = e.reshape(e.linear(x, width, 3 * width), batch, tokens, 3, heads, head);
  const [q, k, v] = e.unbind(e.transpose(joint, 2, 0, 3, 1, 4), 0, 3);
  if (q === undefined || k === undefined || v === undefined) throw new Error("three parts");
  const mixed = attention(e, { q, k, v }, { width: head });
  return e.linear(joinHeads(e, mixed, batch, tokens, width), width, width);
}

/** Two linear layers with an activation in between. */
export function mlp(
  e: Exporter,
  x: Value,
  width: number,
  ratio: number,
  activation: (x: Value) => Value = e.gelu,
): Value {
  return e.linear(activation(e.linear(x, width, ratio * width)), ratio * width, width);
}
