import type { Graph } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { Adaptation } from "./adaptation.js";

/** In ONNX two nodes may have one name, and onnxruntime refuses that. Nodes without a name do not count. */
export const uniqueNodeNames: Adaptation = {
  isNeeded: (model: Model) => {
    for (const graph of model.graphs()) if (repeats(graph)) return true;
    return false;
  },
  apply: (copy: Model) => {
    for (const graph of copy.graphs()) if (repeats(graph)) nameApart(graph);
  },
};

function repeats(graph: Graph): boolean {
  const names = new Set<string>();
  for (const { name } of graph.nodes()) {
    if (!name) continue;
    if (names.has(name)) return true;
    names.add(name);
  }
  return false;
}

/** The first node of a name keeps it. */
function nameApart(graph: Graph): void {
  const taken = new Set<string>();
  for (const { name } of graph.nodes()) if (name) taken.add(name);
  const seen = new Map<string, number>();
  for (const node of graph.nodes()) {
    const { name } = node;
    if (!name) continue;
    let count = seen.get(name) ?? 0;
    if (count > 0) {
      while (taken.has(`${name}_${count}`)) count++;
      node.name = `${name}_${count}`;
      taken.add(node.name);
    }
    seen.set(name, count + 1);
  }
}
