import { present } from "../../base/assert.js";
import type { Graph, Node, Value } from "../../ir/graph.js";
import type { StandardOperator } from "../../ir/operator-name.js";

/**
 * Puts `to` in the place of `from`, which it computes in another way. It takes over every use, pins and annotations
 * included, the declaration and the name.
 */
export function handOver(from: Value, to: Value): void {
  for (const use of [...from.uses]) {
    if (use.kind === "node") use.node.setInput(use.index, to);
    else if (use.kind === "output") {
      use.graph.setOutput(use.index, to);
      const info = use.graph.outputInfo.get(from);
      if (info === undefined) continue;
      use.graph.outputInfo.delete(from);
      use.graph.outputInfo.set(to, info);
    } else {
      from.removeUse(use);
      to.addUse(use);
    }
  }
  if (to.isPinned) renameInAnnotations(from.graph, from, to);
  const { name, info } = from;
  from.rename(from.graph.freshName(`${name}_before`));
  to.rename(name);
  to.info = info;
  from.info = undefined;
}

function renameInAnnotations(graph: Graph, from: Value, to: Value): void {
  const moved = (value: Value | string): Value | string => (value === from ? to : value);
  graph.annotations = graph.annotations.map((annotation) => ({
    ...annotation,
    tensor: moved(annotation.tensor),
    parameters: annotation.parameters.map(({ key, value }) => ({ key, value: moved(value) })),
  }));
}

/** Replaces a node with one of another operator; inputs, attributes, names and place stay. */
export function retype(node: Node, opType: StandardOperator): Node {
  const graph = present(node.graph, "the node is in a graph");
  const { domain, name, docString, metadata, unknown } = node;
  const twin = graph.addNode(
    {
      opType,
      domain,
      name,
      docString,
      metadata,
      unknown,
      inputs: node.inputs,
      outputs: node.outputs.map((value) => (value === null ? null : graph.freshName(value.name))),
      attributes: [...node.attributes.values()],
    },
    node,
  );
  node.outputs.forEach((value, index) => {
    const successor = twin.output(index);
    if (value !== null && successor !== undefined) handOver(value, successor);
  });
  graph.removeNode(node);
  return twin;
}
