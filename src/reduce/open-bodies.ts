import { inlineControlFlow } from "../../passes/inline-control-flow.js";
import { inlineFunctions } from "../../passes/inline-functions.js";
import type { Node } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { type Tensor, tensorFromBigInts, tensorFromNumbers } from "../ir/tensor.js";
import { rewriteModel } from "../library/rewrite-model.js";
import { tidy } from "./remove-nodes.js";
import { twinsOf } from "./twins.js";

/** Copies of the model in which the body of one node stands in its place: each branch of an If, one iteration of a Loop. */
export async function* opened(model: Model, node: Node): AsyncGenerator<Model> {
  const yes = tensorFromNumbers("bool", [], [1]);
  const no = tensorFromNumbers("bool", [], [0]);
  if (node.is("If")) for (const choice of [yes, no]) yield await openedWith(model, node, [[0, choice]]);
  if (node.is("Loop")) {
    const once = tensorFromBigInts([], [1n]);
    yield await openedWith(model, node, [
      [0, once],
      [1, yes],
    ]);
  }
}

async function openedWith(
  model: Model,
  node: Node,
  inputs: readonly (readonly [index: number, tensor: Tensor])[],
): Promise<Model> {
  const { copy, node: twinOf } = twinsOf(model);
  const twin = twinOf(node);
  const { graph } = copy;
  for (const [index, tensor] of inputs)
    twin.setInput(index, graph.addInitializer(graph.freshName("opened"), tensor));
  const { model: result } = await rewriteModel(copy, { passes: [inlineControlFlow] });
  tidy(result);
  return result;
}

/** A copy in which the bodies of the model's functions stand in the place of their calls. */
export async function withoutFunctions(model: Model): Promise<Model> {
  const options = { passes: [inlineFunctions], inlineFunctions: true };
  const { model: result } = await rewriteModel(model, options);
  tidy(result);
  return result;
}
