import { invariant, present } from "../base/assert.js";
import { canReplace, initOf, type Node, type Value } from "../ir/graph.js";
import { errors } from "./errors.js";

/**
 * Replaces a node by one that has an output at `index` too. Names, uses and declarations stay, but the output values
 * are new objects: `renewed` receives the new value of each. `base` is the start of the new output's name. Throws
 * NormfoldError "unsupported" where an annotation holds an output.
 */
export function withOutput(node: Node, index: number, base: string, renewed: Map<Value, Value>): Node {
  const graph = present(node.graph, "the node is in a graph");
  invariant(node.subgraphs.length === 0, "a node with bodies keeps its outputs");
  const pinned = node.outputs.find((value) => value?.isPinned);
  if (pinned) throw errors.furtherOutputIsPinned(pinned.name).at({ element: node.label });
  const count = Math.max(node.outputs.length, index + 1);
  const names = Array.from({ length: count }, (_, at) => {
    const old = node.output(at);
    if (old === undefined) return at === index ? graph.freshName(base) : null;
    return graph.freshName(old.name);
  });
  const twin = graph.addNode(
    {
      ...initOf(node),
      inputs: node.inputs,
      outputs: names,
    },
    node,
  );
  const labels: [Value, string][] = [];
  node.outputs.forEach((old, at) => {
    const value = twin.output(at);
    if (old === null || value === undefined) return;
    invariant(canReplace(old, value), `"${old.name}" cannot be renewed`);
    if (!old.isGraphOutput) labels.push([value, old.name]);
    value.info = old.info;
    graph.replaceUses(old, value);
    for (const [first, latest] of renewed) if (latest === old) renewed.set(first, value);
    renewed.set(old, value);
  });
  graph.removeNode(node);
  for (const [value, label] of labels) value.rename(label);
  return twin;
}
