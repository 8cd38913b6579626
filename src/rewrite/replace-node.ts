import { present } from "../base/assert.js";
import type { Node, NodeInit, Value } from "../ir/graph.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import type { Rewriter } from "./rewriter.js";

/** Puts one operator in the place of a node of one output, under its name; `gone` are those before it that nothing reads then. */
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

/** A list of int64 for an input of the operator that takes the node's place. */
export function integersFor(rewriter: Rewriter, node: Node, role: string, values: readonly number[]): Value {
  const graph = present(node.graph, `${node.label} is removed`);
  const base = `${node.output(0)?.name ?? node.opType}_${role}`;
  return rewriter.addConstant(graph, base, tensorFromNumbers("int64", [values.length], values), node);
}
