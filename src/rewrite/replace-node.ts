import { present } from "../base/assert.js";
import type { Node, NodeInit, Value } from "../ir/graph.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import type { Rewriter } from "./rewriter.js";

/** Replaces a node of one output by another operator, which takes over its name, and removes the nodes `gone` before it. */
export function replaceNode(
  rewriter: Rewriter,
  node: Node,
  init: Pick<NodeInit, "opType" | "inputs" | "attributes">,
  gone: readonly Node[] = [],
): void {
  const graph = present(node.graph, `${node.label} is removed`);
  const output = present(node.output(0), `${node.label} has an output`);
  const { name, docString, metadata } = node;
  const outputs = [graph.freshName(output.name)];
  const made = rewriter.addNode(graph, { ...init, name, docString, metadata, outputs }, node);
  rewriter.supersede(output, present(made.output(0), `${made.label} has an output`));
  rewriter.removeNode(node);
  for (const each of gone) rewriter.removeNode(each);
}

/** Replaces the expression of `nodes`, each behind those that it reads, that ends in `node` by one operator. */
export function replaceExpression(
  rewriter: Rewriter,
  node: Node,
  init: Pick<NodeInit, "opType" | "inputs" | "attributes">,
  nodes: readonly Node[],
): void {
  replaceNode(
    rewriter,
    node,
    init,
    [...nodes].reverse().filter((inner) => inner !== node),
  );
}

/** A constant list of int64 for an input of the operator that replaces the node. */
export function integersFor(rewriter: Rewriter, node: Node, role: string, values: readonly number[]): Value {
  const graph = present(node.graph, `${node.label} is removed`);
  const base = `${node.output(0)?.name ?? node.opType}_${role}`;
  return rewriter.addConstant(graph, base, tensorFromNumbers("int64", [values.length], values), node);
}
