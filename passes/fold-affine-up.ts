import { isRefusal, type Refusal, refuse } from "../src/base/refusal.js";
import type { Node, Value } from "../src/ir/graph.js";
import { absorbAffine, absorbsAffine, liftAffine } from "../src/ops/affine.js";
import type { Absorption } from "../src/ops/affine-facet.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { type Rewriter, replacementBlocked } from "../src/rewrite/rewriter.js";

/**
 * Fold a per-channel scale and shift into the linear operator that feeds it.
 *
 *   before   c = Conv(x, W, b?)
 *            y = BatchNormalization(c, gamma, beta, mean, var)
 *   after    y = Conv(x, W', b')
 *
 * The scale and shift may be a BatchNormalization in inference form or a Mul, Add, Sub or Div by a per-channel
 * constant; the operator a Conv, ConvTranspose, Gemm or MatMul. A MatMul of matrices becomes a Gemm where the shift
 * needs a place; with more axes the shift stays as one Add.
 *
 * Math       s = gamma / sqrt(var + eps), t = beta - mean * s;  W'[o,...] = W[o,...] * s[o];  b' = b * s + t
 * Source     Ioffe & Szegedy 2015, section 3.1, equation for inference; ONNX BatchNormalization-1 to -15
 * Requires   every parameter and weight constant; the operator's output has this one use
 * Refuses    training form; statistics outputs; a map along another axis; unproven ranks; weights that would overflow
 * Numerics   rounding: products in float64, rounded once to the weight's type
 */
export const foldAffineUp: Pass = {
  kind: "rules",
  name: "fold-affine-up",
  summary: "BatchNormalization, Mul, Add, Sub, Div fold into the Conv, ConvTranspose, Gemm, MatMul before",
  before: "c = Conv(x, W, b)  y = BatchNormalization(c, gamma, beta, mean, var)",
  after: "y = Conv(x, W', b')",
  numerics: "rounding",
  rules: [{ match }],
};

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const isNormalization = node.is("BatchNormalization");
  const lifted = liftAffine(node, facts);
  if (lifted === undefined) return undefined;
  if (isRefusal(lifted)) return isNormalization || feedsFromAbsorber(node) ? lifted : undefined;
  const { input } = lifted;
  const producer = input.producer;
  if (producer === undefined || !absorbsAffine(producer)) {
    return isNormalization ? refuse(`${sourceOf(input)} takes no scale and shift into itself`) : undefined;
  }
  if (input.uses.size !== 1) {
    return refuse(
      input.isGraphOutput
        ? `the output of ${producer.label} is also a graph output`
        : `the output of ${producer.label} has ${input.uses.size - 1} other use(s)`,
    );
  }
  const output = node.output(0);
  if (output === undefined) return undefined;
  const blocked = replacementBlocked(output, input);
  if (blocked !== undefined) return refuse(blocked);
  const absorption = absorbAffine(producer, lifted, facts);
  if (absorption === undefined) return undefined;
  if (isRefusal(absorption)) return refuse(`${producer.label}: ${absorption.reason}`);
  // A MatMul followed by an Add that stays an Add is what there is already.
  if (absorption.remainder !== undefined && node.is("Add", "Sub")) return undefined;
  return {
    kind: "rewrite",
    summary: `${producer.label} absorbs ${node.label}`,
    apply: (rewriter) => absorb(rewriter, producer, node, output, absorption),
  };
}

function feedsFromAbsorber(node: Node): boolean {
  return node.inputs.some((value) => value?.producer !== undefined && absorbsAffine(value.producer));
}

function sourceOf(input: Value): string {
  if (input.producer !== undefined) return input.producer.label;
  return input.isGraphInput ? `graph input "${input.name}"` : `constant "${input.name}"`;
}

function absorb(rewriter: Rewriter, producer: Node, node: Node, output: Value, absorption: Absorption): void {
  const linear = absorption.opType === undefined ? producer : convert(rewriter, producer, absorption.opType);
  const base = linear.input(1)?.name ?? linear.key;
  for (const [index, tensor] of absorption.constants) {
    rewriter.setConstant(linear, index, tensor, index === 2 ? `${base}_bias` : base);
  }
  for (const [name, init] of Object.entries(absorption.attributes ?? {})) {
    if (init === undefined) rewriter.removeAttribute(linear, name);
    else rewriter.setAttribute(linear, name, init);
  }
  let result = linear.output(0);
  const graph = node.graph;
  if (result === undefined || graph === undefined) return;
  if (absorption.remainder !== undefined) {
    const shift = rewriter.addConstant(graph, `${output.name}_shift`, absorption.remainder, node);
    const sum = rewriter.addNode(
      graph,
      { opType: "Add", inputs: [result, shift], outputs: [graph.freshName(`${output.name}_sum`)] },
      node,
    );
    if (node.name !== undefined) sum.name = node.name;
    result = sum.output(0) ?? result;
  }
  rewriter.supersede(output, result);
  rewriter.removeNode(node);
}

/** The same node under another operator type. */
function convert(rewriter: Rewriter, node: Node, opType: string): Node {
  const { graph, docString, name, metadata } = node;
  const output = node.output(0);
  if (graph === undefined || output === undefined) return node;
  const converted = rewriter.addNode(
    graph,
    {
      opType,
      inputs: node.inputs,
      outputs: [graph.freshName(`${output.name}_${opType.toLowerCase()}`)],
      ...(name === undefined ? {} : { name }),
      ...(docString === undefined ? {} : { docString }),
      metadata,
    },
    node,
  );
  const result = converted.output(0);
  if (result !== undefined) rewriter.supersede(output, result);
  rewriter.removeNode(node);
  return converted;
}
