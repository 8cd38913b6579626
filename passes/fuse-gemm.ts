import { present } from "../src/base/assert.js";
import { isRefusal, type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import { forType } from "../src/base/special-values.js";
import type { AttributeInit } from "../src/ir/attribute.js";
import { type DType, isFloat } from "../src/ir/dtype.js";
import type { Node, Value } from "../src/ir/graph.js";
import { refusals as irRefusals } from "../src/ir/refusals.js";
import type { Tensor } from "../src/ir/tensor.js";
import { DENSE, denseBias, denseWeight, isDense } from "../src/ops/linear/dense.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import type { Rewriter } from "../src/rewrite/rewriter.js";
import { constantTensor } from "../src/rules/constants.js";
import { sameDim } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";
import { permutationOf, permuteTensor } from "../src/rules/layout/permutation.js";
import { refusals as shared } from "../src/rules/refusals.js";

const SENTENCES = {
  operandsAreNotMatrices: (product: string): string => `the operands of ${product} are not proven matrices`,
  sumDoesNotBroadcastToProduct: (added: string, product: string): string =>
    `"${added}" is not proven to broadcast to the output of ${product}`,
  productIsNoDenseLayer: (product: string): string =>
    `${product} has no constant weight of its own, and other readers than onnxruntime misread such a Gemm`,
  sumIsNoBias: (added: string, product: string): string =>
    `"${added}" is no constant for each column of ${product}, and other readers than onnxruntime misread such a Gemm`,
  denseLayerKeepsItsOperands: (product: string): string =>
    `${product} with its operands exchanged is misread by other readers than onnxruntime`,
  biasIsComputed: (product: string): string =>
    `the bias C of ${product} is computed and would have to be transposed`,
  biasTypeIsNotTransposed: (product: string, dtype: DType): string => `the bias C of ${product} is ${dtype}`,
} as const;

/** Why a product does not become a Gemm, or does not absorb the Transpose behind it. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Fuse a product of matrices into one Gemm with the Add or the Transpose behind it.
 *
 *   before   p = MatMul (x, W)  y = Add (p, c)                     # W: [K, N], constant
 *   after    y = Gemm <transB = 1> (x, W^T, c)                     # [N, K]
 *   before   p = Gemm (a, b, c)  y = Transpose <perm = [1, 0]> (p)
 *   after    y = Gemm <transA = 1, transB = 1> (b, a, c')
 *
 * What becomes a Gemm becomes a dense layer, the form that most readers know (src/ops/linear/dense.ts); onnxruntime makes the
 * others Gemm when it loads them. A Gemm that is no dense layer takes in whatever ONNX lets it.
 *
 * Math       (A B)^T = B^T A^T
 * Source     ONNX Gemm-7 to -13: Y = alpha * A' * B' + beta * C, C broadcast to Y; from opset 11 on C is optional
 * Requires   both operands proven matrices of floats; no other reader of the product; of a MatMul and of a dense layer, a
 *            constant weight that no other operator reads, and a constant summand that is a row
 * Refuses    a summand that broadcasts the product; in front of a Transpose, a dense layer, or a C that is computed and no
 *            matrix; opsets below 7
 * Numerics   rounding: the sum may start from C
 */
export const fuseGemm: Pass = {
  kind: "rules",
  name: "fuse-gemm",
  summary: "MatMul of matrices and Add become Gemm; a Transpose of a Gemm swaps its operands",
  before: "p = MatMul(x, W)  y = Add(p, c)",
  after: "y = Gemm<transB = 1>(x, V, c)",
  numerics: "rounding",
  specials: {
    mayChange: ["infinity", "overflow"],
    because: "a Gemm of float16 rounds once, so that its product may stay in range",
  },
  order: "any place",
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
      const found = broadcastsTo(added, product.output, facts)
        ? sum(node, output, product, added, facts.dtype(output))
        : refusals.sumDoesNotBroadcastToProduct(added.name, product.node.label);
      if (!isRefusal(found)) return found;
      refusal ??= found;
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

function sum(
  node: Node,
  output: Value,
  product: Product,
  added: Value,
  dtype: DType | undefined,
): Proposal | Refusal {
  const isFree = product.node.is("Gemm") && !isDense(product.node);
  const layer = isFree ? { weight: undefined, bias: undefined } : denseLayer(product, added);
  if (isRefusal(layer)) return layer;
  const attributes = { ...gemmAttributes(product.node), ...(isFree ? {} : DENSE) };
  return {
    kind: "rewrite",
    summary: `${product.node.label} and ${node.label} become one Gemm`,
    mayChange: forType(dtype, ["overflow"]),
    apply: (rewriter) => {
      const inputs = [product.a, product.b, added];
      const gemm = replace(rewriter, { node, output, product, inputs, attributes });
      for (const [index, tensor] of [layer.weight, layer.bias].entries()) {
        if (tensor !== undefined) rewriter.setConstant(gemm, index + 1, tensor, gemm.key);
      }
    },
  };
}

/** The constants of the dense layer that a product and a summand make; undefined for one that can stay as it is. */
interface DenseLayer {
  readonly weight: Tensor | undefined;
  readonly bias: Tensor | undefined;
}

function denseLayer({ node, b }: Product, added: Value): DenseLayer | Refusal {
  const [stored, summand] = [constantTensor(b), constantTensor(added)];
  const turned = stored !== undefined && node.is("MatMul");
  const weight = turned ? denseWeight(stored) : stored;
  const columns = weight?.dims[0];
  const isOnlyHere = !turned || isReadByProducts(b);
  if (weight === undefined || columns === undefined || !isFloat(weight.dtype) || !isOnlyHere) {
    return refusals.productIsNoDenseLayer(node.label);
  }
  const bias = summand && denseBias(summand, weight.dtype, columns);
  if (bias === undefined) return refusals.sumIsNoBias(added.name, node.label);
  const fits = summand?.dims.length === 1 && summand.dims[0] === columns;
  return { weight: turned ? weight : undefined, bias: fits ? undefined : bias };
}

/** Whether all readers become dense layers. Any other would keep the weight as it is, and the file would hold it twice. */
function isReadByProducts(weight: Value): boolean {
  if (weight.uses.size === 1) return true;
  return [...weight.uses].every((use) => {
    if (use.kind !== "node" || use.index !== 1 || !use.node.is("MatMul")) return false;
    const [sum, ...more] = use.node.output(0)?.users ?? [];
    return more.length === 0 && sum?.is("Add") === true && sum.inputs.some((value) => isRow(value));
  });
}

function isRow(value: Value | null): boolean {
  const tensor = constantTensor(value ?? undefined);
  return tensor !== undefined && tensor.size === (tensor.dims.at(-1) ?? 1);
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
  const isOther = product.node.is("Gemm") && !isDense(product.node);
  if (!isOther) return refusals.denseLayerKeepsItsOperands(product.node.label);
  if ((facts.opset(node) ?? 0) < 7) return shared.broadcastsByOldRules();
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

function replace(rewriter: Rewriter, { node, output, product, inputs, attributes }: Fusion): Node {
  const graph = present(node.graph, `${node.label} is removed`);
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
  return gemm;
}
