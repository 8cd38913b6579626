import { canTransposeMatrix, transposeMatrix } from "../src/affine/transpose-matrix.js";
import { present } from "../src/base/assert.js";
import { forType } from "../src/base/special-values.js";
import { isFloat } from "../src/ir/dtype.js";
import { initOf, type Node, type Value } from "../src/ir/graph.js";
import type { Tensor } from "../src/ir/tensor.js";
import { hasTrait, operatorsWith } from "../src/ops/catalogue.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { replaceNode } from "../src/rewrite/replace-node.js";
import type { Rewriter } from "../src/rewrite/rewriter.js";
import { sourceOfView, viewedProduct } from "../src/rewrite/viewed.js";
import { constantTensor } from "../src/rules/constants.js";
import { type SymDim, sameShape } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";

/**
 * Remove views around operators that work in either shape.
 *
 *   before   a = Squeeze(x, 1)  b = Relu(a)  y = Unsqueeze(b, 1)
 *   after    y = Relu(x)
 *   before   a = Reshape(x, s)  b = Reshape(w, t)  m = MatMul(a, b)  y = Reshape(m, u)   # x: [2,4,8,16], a: [8,8,16]
 *   after    y = MatMul(x, w)
 *   before   a = Reshape(x, s)  g = Gemm(a, W, c)  y = Reshape(g, t)                     # x: [N,7,16], a: [7 N,16]
 *   after    m = MatMul(x, W)  y = Add(m, c)
 *
 * Elementwise operators work on the shape in front of the views where each of their operands has it there or is a single number.
 * A product works with other axes in front of its matrices, or, with one matrix as the second operand, in front of its rows.
 *
 * Requires   shapes known, symbolic sizes equal; the shape behind the views to be the one that the operator gives without them;
 *            operators in between that nothing else reads; of a Gemm, alpha and beta of 1, and fewer operators than before
 * Refuses    nothing: a view that others read too stays for them
 * Numerics   rounding: a Gemm may sum from C on
 */
export const eliminateViews: Pass = {
  kind: "rules",
  name: "eliminate-views",
  summary: "Views around elementwise operators and products that undo each other are removed",
  before: "a = Squeeze(x, 1)  b = Relu(a)  y = Unsqueeze(b, 1)",
  after: "y = Relu(x)",
  numerics: "rounding",
  specials: {
    mayChange: ["infinity", "overflow"],
    because:
      "a Gemm of float16 rounds once, and its product and sum twice; all else computes the same elements",
  },
  order: "any place",
  rules: [
    { operators: operatorsWith("view"), match: aroundElementwise },
    { operators: operatorsWith("view"), match: aroundProduct },
  ],
};

/** The elementwise operators between the views, in the order of the graph, and what each reads in the place of a view. */
interface Region {
  readonly nodes: Set<Node>;
  readonly sources: Map<Value, Value>;
}

/** Regions of real networks have a handful of operators. */
const MOST_NODES = 32;

function aroundElementwise(node: Node, { facts }: View): Proposal | undefined {
  const [middle, output] = [node.input(0), node.output(0)];
  if (!hasTrait(node, "view") || node.hasReferences || middle === undefined || output === undefined)
    return undefined;
  const [inner, outer] = [facts.shape(middle), facts.shape(output)];
  if (inner === undefined || outer === undefined) return undefined;
  const region: Region = { nodes: new Set(), sources: new Map() };
  if (!enter(middle, node, { inner, outer }, region, facts) || region.sources.size === 0) return undefined;
  const { nodes, sources } = region;
  const names = [...nodes].map(({ label }) => label).join(", ");
  return {
    kind: "rewrite",
    summary: `${names} needs no view: ${node.label} gives back the shape in front`,
    mayChange: [],
    apply: (rewriter) => {
      const made = new Map<Value, Value>(sources);
      for (const each of nodes) made.set(present(each.output(0), "an output"), remade(rewriter, each, made));
      rewriter.supersede(output, present(made.get(middle), "the last operator is made anew"));
      for (const each of [node, ...[...nodes].reverse()]) rewriter.removeNode(each);
      for (const value of sources.keys()) removeUnread(rewriter, value.producer);
    },
  };
}

/** Adds the operator that computes the value, and those before it, to the region; false where one of them needs the view. */
function enter(
  value: Value,
  reader: Node,
  shapes: { readonly inner: readonly SymDim[]; readonly outer: readonly SymDim[] },
  region: Region,
  facts: Facts,
): boolean {
  const { producer, uses } = value;
  if (producer === undefined || region.nodes.size >= MOST_NODES || uses.size !== 1) return false;
  if (!hasTrait(producer, "pointwise") || producer.outputs.length !== 1 || producer.graph !== reader.graph)
    return false;
  if (producer.hasReferences || facts.isCall(producer)) return false;
  // Before opset 7 operands broadcast along axes that are named.
  if (producer.inputs.length > 1 && (facts.opset(producer) ?? 0) < 7) return false;
  if (!sameShape(facts.shape(value), shapes.inner)) return false;
  const isEntered = producer.inputs.every((input) => {
    if (input === null || isNumber(input, shapes.outer.length, facts)) return true;
    const source = sourceOfView(input, facts);
    if (source !== undefined && sameShape(facts.shape(source), shapes.outer)) {
      region.sources.set(input, source);
      return sameShape(facts.shape(input), shapes.inner);
    }
    return enter(input, producer, shapes, region, facts);
  });
  // Behind its operands, so that the nodes are in the order in which they compute.
  region.nodes.add(producer);
  return isEntered;
}

/** Whether the operand is one number, which broadcasts alike to both shapes. */
function isNumber(value: Value, rank: number, facts: Facts): boolean {
  const shape = facts.shape(value);
  return shape !== undefined && shape.length <= rank && shape.every((size) => size === 1);
}

function remade(rewriter: Rewriter, node: Node, made: ReadonlyMap<Value, Value>): Value {
  const graph = present(node.graph, `${node.label} is removed`);
  const inputs = node.inputs.map((value) => (value === null ? null : (made.get(value) ?? value)));
  const outputs = [graph.freshName(node.output(0)?.name ?? node.opType)];
  return present(
    rewriter.addNode(graph, { ...initOf(node), inputs, outputs }, node).output(0),
    `${node.label} has an output`,
  );
}

function removeUnread(rewriter: Rewriter, view: Node | undefined): void {
  if (view?.graph !== undefined && view.output(0)?.uses.size === 0) rewriter.removeNode(view);
}

function aroundProduct(node: Node, { facts }: View): Proposal | undefined {
  const [middle, output] = [node.input(0), node.output(0)];
  const product = middle?.producer;
  if (!hasTrait(node, "view") || node.hasReferences || middle?.uses.size !== 1 || output === undefined)
    return undefined;
  if (!product?.is("MatMul", "Gemm") || product.graph !== node.graph || product.hasReferences)
    return undefined;
  const [outer, bias] = [facts.shape(output), product.input(2)];
  if (facts.isCall(product) || outer === undefined) return undefined;
  const weight = product.is("Gemm") ? weightOf(product, facts) : undefined;
  if (product.is("Gemm") && weight === undefined) return undefined;
  const found = viewedProduct(
    product,
    outer,
    weight?.turned === undefined ? undefined : weight.turned.dims,
    facts,
  );
  if (found === undefined) return undefined;
  const views = [...new Set([found.a, found.b].flatMap(({ view }) => view ?? []))];
  const gone = views.filter((view) => view.output(0)?.uses.size === 1);
  if (bias !== undefined && (gone.length === 0 || !addsAlike(facts.shape(bias), found.inner, outer)))
    return undefined;
  const dtype = facts.dtype(output);
  return {
    kind: "rewrite",
    summary: `${product.label} needs no view: ${node.label} gives back the axes in front`,
    mayChange: bias === undefined ? [] : forType(dtype, ["overflow"]),
    apply: (rewriter) => {
      const graph = present(node.graph, `${node.label} is removed`);
      const second =
        weight?.turned === undefined
          ? found.b.value
          : rewriter.addConstant(graph, found.b.value.name, weight.turned, node);
      const inputs = [found.a.value, second];
      const { name, docString, metadata } = product;
      if (bias === undefined) replaceNode(rewriter, node, { opType: "MatMul", inputs }, [product]);
      else {
        const outputs = [graph.freshName(`${output.name}_product`)];
        const init = { opType: "MatMul", name, docString, metadata, inputs, outputs };
        const made = rewriter.addNode(graph, init, node).output(0);
        replaceNode(rewriter, node, { opType: "Add", inputs: [present(made, "a product"), bias] }, [product]);
      }
      for (const view of views) removeUnread(rewriter, view);
    },
  };
}

/** The weight of a Gemm as MatMul takes it: as it is, or a constant turned; undefined where a Gemm does more than a product. */
function weightOf(gemm: Node, facts: Facts): { readonly turned: Tensor | undefined } | undefined {
  const b = gemm.input(1);
  const dtype = b && facts.dtype(b);
  if (b === undefined || dtype === undefined || !isFloat(dtype) || (facts.opset(gemm) ?? 0) < 7)
    return undefined;
  const isPlain =
    gemm.float("alpha", 1) === 1 && (gemm.input(2) === undefined || gemm.float("beta", 1) === 1);
  if (!isPlain || gemm.int("transA", 0) !== 0) return undefined;
  if (gemm.int("transB", 0) === 0) return { turned: undefined };
  const tensor = constantTensor(b);
  // A weight that others read would be in the file twice.
  const canTurn = tensor !== undefined && b.uses.size === 1 && canTransposeMatrix(tensor);
  return canTurn ? { turned: transposeMatrix(tensor) } : undefined;
}

/** Whether C broadcasts to the product without the views as it did with them. */
function addsAlike(
  bias: readonly SymDim[] | undefined,
  inner: readonly SymDim[],
  outer: readonly SymDim[],
): boolean {
  if (bias === undefined || bias.length > outer.length) return false;
  if (bias.slice(0, -1).every((size) => size === 1)) return true;
  const lead = outer.length - inner.length;
  return lead >= 0 && outer.slice(0, lead).every((size) => size === 1) && sameShape(outer.slice(lead), inner);
}
