import { isRefusal, type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import { forType } from "../src/base/special-values.js";
import type { AttributeInit } from "../src/ir/attribute.js";
import { type DType, isFloat } from "../src/ir/dtype.js";
import type { Node, Value } from "../src/ir/graph.js";
import { refusals as irRefusals } from "../src/ir/refusals.js";
import type { Tensor } from "../src/ir/tensor.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import type { Rewriter } from "../src/rewrite/rewriter.js";
import { constantTensor } from "../src/rules/constants.js";
import { sameDim } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";
import { permutationOf, permuteTensor } from "../src/rules/layout/permutation.js";

const SENTENCES = {
  operandsAreNotMatrices: (product: string): string => `the operands of ${product} are not proven matrices`,
  sumDoesNotBroadcastToProduct: (added: string, product: string): string =>
    `"${added}" is not proven to broadcast to the output of ${product}`,
  opsetRequiresBias: (product: string): string => `${product} cannot become a Gemm without C before opset 11`,
  biasIsComputed: (product: string): string =>
    `the bias C of ${product} is computed and would have to be transposed`,
  biasTypeIsNotTransposed: (product: string, dtype: DType): string => `the bias C of ${product} is ${dtype}`,
} as const;

/** Why a product does not become a Gemm, or does not absorb the Transpose behind it. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Fuse a product of matrices into one Gemm with the Add or the Transpose behind it.
 *
 *   before   p = MatMul (a, b)  y = Add (p, c)
 *   after    y = Gemm (a, b, c)
 *   before   p = Gemm (a, b, c)  y = Transpose <perm = [1, 0]> (p)
 *   after    y = Gemm <transA = 1, transB = 1> (b, a, c')
 *
 * Math       (A B)^T = B^T A^T
 * Source     ONNX Gemm-7 to -13: Y = alpha * A' * B' + beta * C, C broadcast to Y; from opset 11 on C is optional
 * Requires   both operands proven matrices of floats; no other reader of the product
 * Refuses    a summand that broadcasts the product; in front of a Transpose, a C that is computed and no matrix; opsets
 *            below 7, and below 11 without C
 * Numerics   rounding: the sum may start from C
 */
export const fuseGemm: Pass = {
  kind: "rules",
  name: "fuse-gemm",
  summary: "MatMul of matrices and Add become Gemm; a Transpose of a Gemm swaps its operands",
  before: "p = MatMul(a, b)  y = Add(p, c)",
  after: "y = Gemm(a, b, c)",
  numerics: "rounding",
  specials: {
    mayChange: ["infinity", "overflow"],
    because: "a Gemm of float16 rounds once, so that its product may stay in range",
  },
  order: {
    after: {
      "fold-affine-up": "a Gemm that adds another product as its C has no place for a shift",
      "merge-parallel-branches":
        "one of two products that are added would become the C of the other, and they would stay two",
    },
  },
  refusals,
  rules: [
    { operators: ["Add"], match: matchSum },
    { operators: ["Transpose"], match: matchTranspose },
  ],
};

/** A MatMul or Gemm of matrices whose result only `reader` reads. */
interface Product {
  readonly node: Node;
  readonly output: Value;
  readonly a: Value;
  readonly b: Value;
  readonly c: Value | undefined;
}

function productBefore(value: Value | undefined, reader: Node, facts: Facts): Product | Refusal | undefined {
  const node = value?.producer;
  if (value === undefined || !node?.is("MatMul", "Gemm") || node.graph !== reader.graph) return undefined;
  const [a, b] = [node.input(0), node.input(1)];
  const dtype = facts.dtype(value);
  if (facts.isCall(node) || a === undefined || b === undefined || dtype === undefined || !isFloat(dtype))
    return undefined;
  if (node.hasReferences) {
    return irRefusals.attributeComesFromCaller(node.label);
  }
  if (facts.rank(a) !== 2 || facts.rank(b) !== 2) {
    return refusals.operandsAreNotMatrices(node.label);
  }
  if (value.uses.size > 1) return irRefusals.outputHasOtherUses(node.label, value.uses.size - 1);
  return { node, output: value, a, b, c: node.input(2) };
}

function matchSum(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const output = node.output(0);
  if (!node.is("Add") || (facts.opset(node) ?? 0) < 7 || output === undefined || output.uses.size === 0)
    return undefined;
  let refusal: Refusal | undefined;
  for (const [index, other] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const product = productBefore(node.input(index), node, facts);
    const added = node.input(other);
    if (product === undefined || added === undefined) continue;
    if (isRefusal(product)) refusal ??= product;
    else if (product.c === undefined) {
      if (broadcastsTo(added, product.output, facts))
        return sum(node, output, product, added, facts.dtype(output));
      refusal ??= refusals.sumDoesNotBroadcastToProduct(added.name, product.node.label);
    }
  }
  return refusal;
}

function broadcastsTo(added: Value, output: Value, facts: Facts): boolean {
  const [own, whole] = [facts.shape(added), facts.shape(output)];
  if (own === undefined || whole === undefined || own.length > whole.length) return false;
  const lead = whole.length - own.length;
  return own.every((size, axis) => size === 1 || sameDim(size, whole[axis + lead]));
}

function sum(node: Node, output: Value, product: Product, added: Value, dtype: DType | undefined): Proposal {
  const attributes = gemmAttributes(product.node);
  return {
    kind: "rewrite",
    summary: `${product.node.label} and ${node.label} become one Gemm`,
    mayChange: forType(dtype, ["overflow"]),
    apply: (rewriter) => {
      replace(rewriter, { node, output, product, inputs: [product.a, product.b, added], attributes });
    },
  };
}

/** The attributes of the Gemm except beta. `swapped`: for the product of the transposed operands in reverse order. */
function gemmAttributes(node: Node, swapped = false): Record<string, AttributeInit> {
  const flag = (name: string): boolean => node.is("Gemm") && node.int(name, 0) !== 0;
  const [transA, transB] = swapped ? [!flag("transB"), !flag("transA")] : [flag("transA"), flag("transB")];
  const alpha = node.is("Gemm") ? node.float("alpha", 1) : 1;
  return {
    ...(transA ? { transA: 1 } : {}),
    ...(transB ? { transB: 1 } : {}),
    ...(alpha === 1 ? {} : { alpha: { kind: "float", value: alpha } }),
  };
}

function matchTranspose(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const output = node.output(0);
  if (!node.is("Transpose") || output === undefined || output.uses.size === 0) return undefined;
  const product = productBefore(node.input(0), node, facts);
  if (product === undefined || isRefusal(product)) return product;
  const perm = permutationOf(node, facts);
  if (isRefusal(perm) || perm[0] !== 1) return undefined;
  const opset = facts.opset(node) ?? 0;
  if (opset < 7 || (opset < 11 && product.c === undefined)) {
    return refusals.opsetRequiresBias(product.node.label);
  }
  const c = transposedBias(product, facts);
  if (isRefusal(c)) return c;
  const beta = product.node.float("beta", 1);
  const attributes: Record<string, AttributeInit> = {
    ...gemmAttributes(product.node, true),
    ...(c === undefined || beta === 1 ? {} : { beta: { kind: "float", value: beta } }),
  };
  return {
    kind: "rewrite",
    summary: `${product.node.label} takes in ${node.label}: its operands change places`,
    mayChange: [],
    apply: (rewriter) => {
      const inputs = [product.b, product.a];
      const { graph } = node;
      if (c !== undefined && graph !== undefined) {
        inputs.push(
          c.tensor === undefined ? c.value : rewriter.addConstant(graph, c.value.name, c.tensor, node),
        );
      }
      replace(rewriter, { node, output, product, inputs, attributes });
    },
  };
}

/** C for the transposed product: a transposed constant, or C itself where all its sizes are 1. */
function transposedBias(
  { node, c }: Product,
  facts: Facts,
): { readonly value: Value; readonly tensor: Tensor | undefined } | Refusal | undefined {
  if (c === undefined) return undefined;
  if (facts.shape(c)?.every((size) => size === 1)) return { value: c, tensor: undefined };
  const tensor = constantTensor(c);
  if (tensor === undefined || tensor.dims.length > 2) {
    return refusals.biasIsComputed(node.label);
  }
  const lead = new Array<number>(2 - tensor.dims.length).fill(1);
  const permuted = permuteTensor(tensor.reshaped([...lead, ...tensor.dims]), [1, 0]);
  return permuted === undefined
    ? refusals.biasTypeIsNotTransposed(node.label, tensor.dtype)
    : { value: c, tensor: permuted };
}

interface Fusion {
  readonly node: Node;
  readonly output: Value;
  readonly product: Product;
  readonly inputs: readonly Value[];
  readonly attributes: Readonly<Record<string, AttributeInit>>;
}

function replace(rewriter: Rewriter, { node, output, product, inputs, attributes }: Fusion): void {
  const { graph } = node;
  if (graph === undefined) return;
  const { name, docString, metadata } = product.node;
  const gemm = rewriter.addNode(
    graph,
    {
      opType: "Gemm",
      inputs,
      outputs: [graph.freshName(`${output.name}_gemm`)],
      name,
      docString,
      metadata,
      attributes,
    },
    node,
  );
  const result = gemm.output(0);
  if (result !== undefined) rewriter.supersede(output, result);
  rewriter.removeNode(node);
  rewriter.removeNode(product.node);
}
