import { createFacts } from "../analysis/fact-table.js";
import { Builder } from "../ir/builder.js";
import type { Model } from "../ir/model.js";
import { raiseOpset } from "../opset/raise.js";
import { padsOfAllAxes } from "../rules/shapes.js";

/** From this operator set on, axes are inputs everywhere; the gradient rules are written for it. */
export const GRADIENT_OPSET = 18;

/**
 * Raises a model below opset 18 to it, in place, and gives Pads that name axes the pads of all axes: a gradient model runs with
 * onnxruntime's optimizations on, which fail on the others beside a Transpose (1.30). Throws "unsupported" where the model cannot be
 * raised.
 */
export function raiseForGradients(model: Model): void {
  if ((model.opset() ?? 0) < GRADIENT_OPSET) raiseOpset(model, GRADIENT_OPSET);
  nameNoPadAxes(model);
}

function nameNoPadAxes(model: Model): void {
  const nodes = [...model.nodes()].filter((node) => node.is("Pad") && node.input(3) !== undefined);
  if (nodes.length === 0) return;
  const facts = createFacts(model);
  for (const node of nodes) {
    const [x, sizes, fill, named] = [0, 1, 2, 3].map((index) => node.input(index));
    const rank = x === undefined ? undefined : facts.rank(x);
    const pads = sizes === undefined ? undefined : facts.numbers(sizes);
    const axes = named === undefined ? undefined : facts.numbers(named);
    if (x === undefined || rank === undefined || pads === undefined || axes === undefined) continue;
    const all = padsOfAllAxes(pads, axes, rank);
    if (all === undefined || node.graph === undefined) continue;
    const build = new Builder(node.graph, { prefix: `${node.name}_`, before: node });
    node.setInputs([x, build.ints(all), fill ?? null]);
  }
}
