import { present } from "../src/base/assert.js";
import { isRefusal, type Refusal } from "../src/base/refusal.js";
import { SPECIAL_VALUES } from "../src/base/special-values.js";
import type { AttributeInit } from "../src/ir/attribute.js";
import { dtypeCode } from "../src/ir/dtype.js";
import type { Graph, Node, Value } from "../src/ir/graph.js";
import { tensorFromBigInts } from "../src/ir/tensor.js";
import { type AttentionReading, readAttention } from "../src/patterns/attention.js";
import { type FittedMask, fitMask, type Softened } from "../src/patterns/attention-mask.js";
import { readOutside } from "../src/rewrite/fuse-compound.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { refusals } from "../src/rewrite/refusals.js";
import { replaceExpression } from "../src/rewrite/replace-node.js";
import type { Rewriter } from "../src/rewrite/rewriter.js";

/**
 * Replace a spelled-out attention by the operator Attention.
 *
 *   before   t = Transpose <perm = [0, 1, 3, 2]> (K)  s = MatMul (Q, t)  d = Mul (s, 0.125)
 *            m = Add (d, mask)  p = Softmax (m)       y = MatMul (p, V)
 *   after    y = Attention <scale = 0.125> (Q, K, V, mask)
 *
 * Math       softmax(scale Q K^T + mask) V; scalar factors of Q, K and the scores make one scale; scores limited by
 *            c tanh(s / c) have softcap c
 * Source     ONNX Attention-23; the spellings of torch.nn.functional.scaled_dot_product_attention, of
 *            torch.nn.MultiheadAttention and of transformers' eager attention, as both exporters of PyTorch write them
 * Requires   opset 23; float or float16; the same batch and heads of Q, K and V, with or without an axis of heads; a
 *            mask or two that fit the scores, whose only row is repeated where their number is known
 * Refuses    values inside with other readers; double, whose scale the operator's function rounds to float. A mask that may hide all
 *            keys of a query by the lowest float has it halved, and is refused where that is not possible, because
 *            onnxruntime gives such a query zero, as if the mask were -infinity
 * Numerics   rounding
 */
export const fuseAttention: Pass = {
  kind: "rules",
  name: "fuse-attention",
  summary: "an attention that is spelled out becomes one Attention, from opset 23 on",
  before: "s = MatMul(Q, t)  m = Add(s, mask)  p = Softmax(m)  y = MatMul(p, V)",
  after: "y = Attention(Q, K, V, mask)",
  numerics: "rounding",
  specials: {
    mayChange: SPECIAL_VALUES,
    because: "a query that may attend to no key is NaN or not, and gets zero",
  },
  order: "any place",
  rules: [{ operators: ["MatMul"], match }],
};

/** The first version of the standard operator set with Attention. */
const SINCE = 23;

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const reading = readAttention(node, facts);
  const [output, graph, opset] = [node.output(0), node.graph, facts.opset(node)];
  if (reading === undefined || output === undefined || graph === undefined || opset === undefined)
    return undefined;
  const dtype = facts.dtype(output);
  if (dtype !== "float" && dtype !== "float16") return undefined;
  const outside = readOutside({ opType: "Attention", nodes: reading.nodes }, node);
  if (outside !== undefined) return outside;
  if (opset < SINCE) return refusals.opsetLacksOperator("Attention", opset, SINCE);
  const mask = reading.masks.length === 0 ? undefined : fitMask(reading.masks, reading.scores, facts);
  if (isRefusal(mask)) return mask;
  return {
    kind: "rewrite",
    summary: `${node.label} and what it ends become one Attention`,
    apply: (rewriter) => {
      const keys = keysFor(reading, graph, node, rewriter);
      const inputs = [reading.query, keys, reading.values];
      if (mask !== undefined) inputs.push(maskFor(mask, graph, node, rewriter));
      const attributes = attributesOf(reading);
      replaceExpression(rewriter, node, { opType: "Attention", inputs, attributes }, reading.nodes);
    },
  };
}

function attributesOf({
  scale,
  softcap,
  scores,
  inFloat,
}: AttentionReading): Readonly<Record<string, AttributeInit>> {
  return {
    scale: { kind: "float", value: scale },
    ...(softcap === undefined ? {} : { softcap: { kind: "float", value: softcap } }),
    ...(inFloat ? { softmax_precision: dtypeCode("float") } : {}),
    // Without an axis of heads there is one head.
    ...(scores.length === 3 ? { q_num_heads: 1, kv_num_heads: 1 } : {}),
  };
}

function keysFor({ keys }: AttentionReading, graph: Graph, node: Node, rewriter: Rewriter): Value {
  const { value, perm } = keys;
  if (perm === undefined) return value;
  const outputs = [graph.freshName(`${value.name}_keys`)];
  const init = { opType: "Transpose", inputs: [value], outputs, attributes: { perm } };
  return rewriter.addNode(graph, init, node).output(0) ?? value;
}

function maskFor({ terms, rows, addHeads }: FittedMask, graph: Graph, node: Node, rewriter: Rewriter): Value {
  const values = terms.map(({ value, softened }) =>
    softened === undefined ? value : soft(softened, value, graph, node, rewriter),
  );
  const add = (opType: string, operands: readonly Value[], base: string): Value => {
    const outputs = [graph.freshName(base)];
    const made = rewriter.addNode(graph, { opType, inputs: operands, outputs }, node).output(0);
    return present(made, `${opType} has an output`);
  };
  const integers = (base: string, elements: readonly bigint[]): Value =>
    rewriter.addConstant(graph, base, tensorFromBigInts([elements.length], elements), node);
  const [first, second] = values;
  let mask = present(first, "there is a mask");
  const base = mask.name;
  if (second !== undefined) mask = add("Add", [mask, second], `${base}_sum`);
  if (rows !== undefined)
    mask = add("Expand", [mask, integers("mask_rows", [BigInt(rows), 1n])], `${base}_rows`);
  if (addHeads) mask = add("Unsqueeze", [mask, integers("mask_heads", [1n])], `${base}_heads`);
  return mask;
}

/** The expression of the mask once more, with its lowest numbers halved; equal ones of several attentions are merged later. */
function soft(softened: Softened, old: Value, graph: Graph, node: Node, rewriter: Rewriter): Value {
  if (softened.kind === "constant") return rewriter.addConstant(graph, old.name, softened.tensor, node);
  const { opType, domain, attributes } = softened.node;
  const inputs = softened.node.inputs.map((input, index) => {
    const inner = softened.inputs.get(index);
    return input === null || inner === undefined ? input : soft(inner, input, graph, node, rewriter);
  });
  const outputs = [graph.freshName(old.name)];
  const init = { opType, domain, inputs, outputs, attributes: [...attributes.values()] };
  return rewriter.addNode(graph, init, node).output(0) ?? old;
}
