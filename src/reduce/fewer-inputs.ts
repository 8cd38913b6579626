import type { Node } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { declarationOf } from "../ops/catalogue.js";
import { tidy } from "./remove-nodes.js";
import { twinsOf } from "./twins.js";

/** Copies of the model in which a node has one optional input less, the last ones first. */
export function* withFewerInputs(model: Model, node: Node): Generator<Model> {
  const arity = declarationOf(node)?.inputs;
  // The inputs of a body, and lists, are none that may be left out.
  if (arity === undefined || typeof arity === "number" || arity[1] === "variadic") return;
  const [least] = arity;
  for (let index = node.inputs.length - 1; index >= least; index--) {
    if (node.inputs[index] === null) continue;
    const { copy, node: twinOf } = twinsOf(model);
    const twin = twinOf(node);
    const inputs = twin.inputs.with(index, null);
    twin.setInputs(inputs.slice(0, inputs.findLastIndex((value) => value !== null) + 1));
    tidy(copy, twin.graph);
    yield copy;
  }
}
