import type { Graph, Node, Value } from "../ir/graph.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";
import { product, type SymDim, sameShape } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import { isBiasOfFusedAttention } from "../target/attention.js";
import type { LinearLayer } from "../target/linear-layers.js";
import { viewForm } from "./view-form.js";

/**
 * An operator that computes the same on the rows of a matrix as along the last axis of its input: a linear layer, which is two,
 * an elementwise operator, a normalization; or a view, which can give the matrix at once.
 */
export interface Member {
  readonly nodes: readonly Node[];
  /** The values that it reads, which become matrices with it. */
  readonly data: readonly Value[];
  readonly output: Value;
  readonly layer?: LinearLayer;
}

/** The operators of a graph that could work on rows, by the value that they give. */
export type Members = ReadonlyMap<Value, Member>;

/** The operator that a node is, or is a part of. */
export type Owners = ReadonlyMap<Node, Member>;

/** The runtime by whose executed operators forms are compared; "any" counts those of the file. */
export type Target = "onnxruntime" | "any";

/** The most operators that are looked at from one linear layer on. */
const MAX_MEMBERS = 4096;

/** The shape of the matrix with a row for each vector along the last axis; undefined where its width is not known. */
export function matrixShape(value: Value, facts: Facts): readonly [SymDim, number] | undefined {
  const shape = facts.shape(value);
  const width = shape?.at(-1);
  const rows = shape && product(shape.slice(0, -1));
  return shape === undefined ||
    shape.length < 2 ||
    rows === undefined ||
    typeof width !== "number" ||
    width < 1
    ? undefined
    : [rows, width];
}

/** All operators of a graph that linear layers lead to. */
export function growRows(graph: Graph, target: Target, facts: Facts): Members {
  const members = new Map<Value, Member>();
  for (const node of graph.nodes()) {
    if (!node.is("MatMul", "Gemm")) continue;
    const queue: Value[] = [];
    const include = (each: Node | undefined): void => {
      if (each === undefined || each.graph !== graph || members.size >= MAX_MEMBERS) return;
      const member = memberOf(each, target, facts);
      if (member === undefined || members.has(member.output)) return;
      members.set(member.output, member);
      queue.push(member.output, ...member.data);
    };
    if (node.is("MatMul")) include(node);
    else for (const user of node.output(0)?.users ?? []) include(user);
    for (const value of queue) {
      include(value.producer);
      for (const user of value.users) if (!hasTrait(user, "view")) include(user);
    }
  }
  return members;
}

function memberOf(node: Node, target: Target, facts: Facts): Member | undefined {
  const output = node.output(0);
  if (output === undefined || node.outputs.length !== 1 || node.hasReferences || facts.isCall(node))
    return undefined;
  if (
    (facts.opset(node) ?? 0) < 7 ||
    (facts.rank(output) ?? 0) < 3 ||
    matrixShape(output, facts) === undefined
  )
    return undefined;
  if (hasTrait(node, "view")) return { nodes: [node], data: [], output };
  const layer = layerOf(node);
  if (layer !== undefined && !(target === "onnxruntime" && isBiasOfFusedAttention(layer.sum, facts))) {
    const [data, sum] = [layer.product.input(0), layer.sum.output(0)];
    if (data === undefined || sum === undefined || matrixShape(data, facts) === undefined) return undefined;
    return { nodes: [layer.product, layer.sum], data: [data], output: sum, layer };
  }
  const data = dataOf(node, output, facts);
  return data && { nodes: [node], data, output };
}

/** The linear layer that a product begins or an Add ends, if it would be one Gemm on a matrix. */
function layerOf(node: Node): LinearLayer | undefined {
  const sum = node.is("Add") ? node : node.output(0)?.users[0];
  if (!sum?.is("Add") || sum.graph !== node.graph) return undefined;
  for (const [index, other] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const products = sum.input(index);
    const product = products?.producer;
    if (!product?.is("MatMul") || products?.uses.size !== 1 || product.graph !== sum.graph) continue;
    const [weight, bias] = [constantTensor(product.input(1)), constantTensor(sum.input(other))];
    const columns = weight?.dims.length === 2 ? weight.dims[1] : undefined;
    if (columns === undefined || bias?.dims.at(-1) !== columns || bias.size !== columns) continue;
    const isOfLayers = product.input(1)?.users.every((user) => isBiased(user)) === true;
    return isOfLayers && (node === sum || node === product) ? { product, sum } : undefined;
  }
  return undefined;
}

/** Whether a product's result goes into a sum alone: the weight of others would be in the file twice, as it is and turned. */
function isBiased(product: Node): boolean {
  const [sum, ...others] = product.output(0)?.users ?? [];
  return product.is("MatMul") && others.length === 0 && sum?.is("Add") === true;
}

function dataOf(node: Node, output: Value, facts: Facts): readonly Value[] | undefined {
  const [first, second] = [node.input(0), node.input(1)];
  if (node.is("MatMul")) {
    if (first === undefined || constantTensor(second)?.dims.length !== 2) return undefined;
    return matrixShape(first, facts) === undefined ? undefined : [first];
  }
  if (node.is("LayerNormalization", "RMSNormalization")) {
    const axis = node.int("axis", -1);
    const isLast = axis === -1 || axis === (facts.rank(output) ?? 0) - 1;
    return isLast && first !== undefined ? [first] : undefined;
  }
  if (!hasTrait(node, "pointwise") || hasTrait(node, "random")) return undefined;
  const lead = facts.shape(output)?.slice(0, -1);
  const data: Value[] = [];
  for (const value of node.inputs) {
    if (value === null) continue;
    const tensor = constantTensor(value);
    if (tensor?.dims.slice(0, -1).every((size) => size === 1)) continue;
    if (tensor !== undefined || !sameShape(facts.shape(value)?.slice(0, -1), lead)) return undefined;
    if (matrixShape(value, facts) === undefined) return undefined;
    data.push(value);
  }
  return data.length === 0 ? undefined : data;
}

/** Whether a value is the matrix of the rows of another. */
export function isMatrixOf(matrix: Value | undefined, value: Value, facts: Facts): boolean {
  const shape = matrix && facts.shape(matrix);
  return shape !== undefined && sameShape(shape, matrixShape(value, facts));
}

/** The operators that read each value and would have its matrix. */
export function readersOf(members: Members): Map<Value, Member[]> {
  const readers = new Map<Value, Member[]>();
  for (const member of members.values()) {
    for (const value of new Set(member.data)) readers.set(value, [...(readers.get(value) ?? []), member]);
  }
  return readers;
}

/** The operator that each node is a part of. */
export function ownersOf(members: Members): Owners {
  return new Map(
    [...members.values()].flatMap((member) => member.nodes.map((node) => [node, member] as const)),
  );
}

/** Whether something needs the value as it is, and whether a view gives its matrix already. */
export function demandOf(
  value: Value,
  owners: Owners,
  facts: Facts,
): { readonly fixed: boolean; readonly gives: boolean } {
  let [fixed, gives] = [value.isGraphOutput || value.isPinned, false];
  for (const use of value.uses) {
    if (use.kind !== "node") {
      fixed = true;
      continue;
    }
    const { node } = use;
    const output = node.output(0);
    if (output !== undefined && readsEither(node, use.index, facts)) {
      if (isMatrixOf(output, value, facts)) gives = true;
      continue;
    }
    const isMember = owners.get(node)?.data.includes(value) === true;
    if (!isMember) fixed = true;
  }
  return { fixed, gives };
}

/** Whether a view gives the same from the matrix of its input. */
export function readsEither(node: Node, index: number, facts: Facts): boolean {
  const [input, output] = [node.input(0), node.output(0)];
  if (index !== 0 || !hasTrait(node, "view") || node.hasReferences || facts.isCall(node)) return false;
  if (input === undefined || output === undefined) return false;
  const [from, to] = [matrixShape(input, facts), facts.shape(output)];
  return from !== undefined && to !== undefined && viewForm(from, to)?.opType === "Reshape";
}

/** The Reshape from the matrix back to the shape of the value. */
export function backForm(value: Value, facts: Facts): ReturnType<typeof viewForm> {
  const [from, to] = [matrixShape(value, facts), facts.shape(value)];
  const form = from && to && viewForm(from, to);
  return form?.opType === "Reshape" ? form : undefined;
}
