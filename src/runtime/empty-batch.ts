import { Callees } from "../ir/callees.js";
import type { Model } from "../ir/model.js";
import { hasTrait } from "../ops/catalogue.js";
import type { Trait } from "../rules/operator.js";

/** Operators that were seen to run on no samples. onnxruntime 1.30 ends the process on a recurrent layer over none. */
const RUN_EMPTY: readonly Trait[] = [
  "pointwise",
  "view",
  "rearranges",
  "movesData",
  "givesSizes",
  "linear",
  "pools",
  "normalizes",
];

/** Whether it is safe to try a model on an empty batch: every operator of it is known to take one, or to refuse it. */
export function mayRunEmpty(model: Model): boolean {
  const callees = new Callees(model);
  for (const node of model.graph.nodes()) {
    if (node.subgraphs.length > 0 || callees.isCall(node)) return false;
    if (!node.is("Constant") && !RUN_EMPTY.some((trait) => hasTrait(node, trait))) return false;
  }
  return true;
}
