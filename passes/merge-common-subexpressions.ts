import { equalBytes } from "../src/base/bytes.js";
import type { Attribute } from "../src/ir/attribute.js";
import { canReplace, type Graph, type Node, type Value } from "../src/ir/graph.js";
import type { Tensor } from "../src/ir/tensor.js";
import { constantTensor } from "../src/ops/constants.js";
import { isDeterministic } from "../src/ops/determinism.js";
import type { Pass, PassContext } from "../src/rewrite/pass.js";

/**
 * Compute once what two nodes of a graph compute alike.
 *
 *   before   a = Relu(x)  b = Relu(x)  y = Add(a, b)
 *   after    a = Relu(x)  y = Add(a, a)
 *
 * Nodes are alike when operator, attributes and inputs are; constants count as equal when their elements are.
 *
 * Requires   the same graph, so that the first node comes before all that read the second
 * Refuses    random and unknown operators, operators with bodies; outputs whose names callers see on both
 * Numerics   exact
 */
export const mergeCommonSubexpressions: Pass = {
  kind: "procedure",
  name: "merge-common-subexpressions",
  summary: "What two nodes compute alike is computed once",
  before: "a = Relu(x)  b = Relu(x)  y = Add(a, b)",
  after: "a = Relu(x)  y = Add(a, a)",
  numerics: "exact",
  run: (context) => {
    for (const graph of [...context.view.model.graphs()]) mergeIn(graph, context);
  },
};

function mergeIn(graph: Graph, context: PassContext): void {
  const { facts } = context.view;
  const ids = new Map<Value, number>();
  const seen = new Map<string, Node[]>();
  for (const node of graph.nodes()) {
    if (node.is("Constant") || node.subgraphs.length > 0 || !isDeterministic(node, facts)) continue;
    const key = keyOf(node, ids);
    if (key === undefined) continue;
    const alike = seen.get(key) ?? [];
    const twin = alike.find((other) => sameConstants(other, node));
    if (twin === undefined || !mergeInto(twin, node, context)) seen.set(key, [...alike, node]);
  }
}

function mergeInto(kept: Node, node: Node, context: PassContext): boolean {
  const pairs = node.outputs.flatMap((value, index) => {
    const twin = kept.output(index);
    return value === null || twin === undefined ? [] : [{ value, twin }];
  });
  if (!pairs.every(({ value, twin }) => canReplace(value, twin))) {
    context.refused(node, `it repeats ${kept.label}, but the outputs of both have names that callers see`);
    return false;
  }
  return context.attempt(node.key, {
    kind: "rewrite",
    summary: `${node.label} repeats ${kept.label}`,
    apply: (rewriter) => {
      for (const { value, twin } of pairs) rewriter.replaceUses(value, twin);
      rewriter.removeNode(node);
    },
  });
}

/** Equal for nodes that are alike but for the elements of their constants; undefined where attributes cannot be compared. */
function keyOf(node: Node, ids: Map<Value, number>): string | undefined {
  const attributes: string[] = [];
  for (const attr of node.attributes.values()) {
    const text = attributeKey(attr);
    if (text === undefined) return undefined;
    attributes.push(`${attr.name}=${text}`);
  }
  const inputs = node.inputs.map((value) => (value === null ? "" : inputKey(value, ids)));
  const outputs = node.outputs.map((value) => (value === null ? "" : "o"));
  const operator = [node.domain ?? "", node.opType, node.overload ?? ""];
  return JSON.stringify([operator, attributes.sort(), inputs, outputs]);
}

function inputKey(value: Value, ids: Map<Value, number>): string {
  const tensor = constantTensor(value);
  if (tensor !== undefined) return `${tensor.dtype}[${tensor.dims.join(",")}]`;
  let id = ids.get(value);
  if (id === undefined) {
    id = ids.size;
    ids.set(value, id);
  }
  return `#${id}`;
}

function attributeKey(attr: Attribute): string | undefined {
  switch (attr.kind) {
    case "float":
      return Object.is(attr.value, -0) ? "f-0" : `f${attr.value}`;
    case "int":
      return `i${attr.value}`;
    case "string":
      return `s${attr.value.join(",")}`;
    case "floats":
      return `F${attr.value.map((value) => (Object.is(value, -0) ? "-0" : value)).join(",")}`;
    case "ints":
      return `I${attr.value.join(",")}`;
    case "strings":
      return `S${attr.value.map((text) => text.join(",")).join(";")}`;
    case "ref":
      return `@${attr.ref}`;
    default:
      return undefined;
  }
}

function sameConstants(a: Node, b: Node): boolean {
  return a.inputs.every((value, index) => {
    const other = b.inputs[index] ?? null;
    if (value === other || value === null || other === null) return value === other;
    const [first, second] = [constantTensor(value), constantTensor(other)];
    return first !== undefined && second !== undefined && sameElements(first, second);
  });
}

/** Bytes compared at a time: most tensors that differ do so at once, and none is held whole. */
const STEP = 1 << 16;

function sameElements(a: Tensor, b: Tensor): boolean {
  if (a === b || a.data === b.data) return true;
  const unreadable = [a, b].some(({ data }) => data.kind === "strings" || data.kind === "missing");
  if (unreadable || a.byteLength !== b.byteLength) return false;
  for (let at = 0; at < a.byteLength; at += STEP) {
    const length = Math.min(STEP, a.byteLength - at);
    const [x, y] = [new Uint8Array(length), new Uint8Array(length)];
    a.readInto(x, at);
    b.readInto(y, at);
    if (!equalBytes(x, y)) return false;
  }
  return true;
}
