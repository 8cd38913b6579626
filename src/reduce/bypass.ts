import { canReplace, type Node } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { typeText } from "../text/type.js";
import type { Knowledge } from "./knowledge.js";
import { tidy } from "./remove-nodes.js";
import { twinsOf } from "./twins.js";

/** Copies of the model in which one node is left out: the readers of its output read one of its inputs of the same type. */
export function* bypasses(model: Model, known: Knowledge, node: Node): Generator<Model> {
  const [output] = node.outputs;
  if (output === null || output === undefined || output.uses.size === 0) return;
  if (node.outputs.some((other) => other !== output && other !== null && other.uses.size > 0)) return;
  const wanted = known.type(output);
  if (wanted === undefined) return;
  for (const input of new Set(node.inputs)) {
    const type = input === null ? undefined : known.type(input);
    if (input === null || type === undefined || typeText(type) !== typeText(wanted)) continue;
    const twins = twinsOf(model);
    const [from, to] = [twins.value(output), twins.value(input)];
    if (!canReplace(from, to)) continue;
    const twin = twins.node(node);
    const { graph } = twin;
    if (graph === undefined) continue;
    graph.replaceUses(from, to);
    graph.removeNode(twin);
    tidy(twins.copy, graph);
    yield twins.copy;
  }
}
