import { cloneModel } from "../ir/clone.js";
import type { Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";

/**
 * Operators that flatten differences: where they saturate or pick, a result may be far off before them and the same behind.
 * No rewrite moves a scale or a shift across one, so what goes into it means the same in the original and in the result.
 */
const FLATTENING = ["Softmax", "Hardmax", "Sigmoid", "HardSigmoid", "Tanh", "ArgMax", "ArgMin"] as const;
const MOVING = ["Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Cast"] as const;

/** Operators of data movement between a flattening one and the output. */
const MAX_HOPS = 4;

/**
 * The names of the values that go into a flattening operator whose result is an output of the model: compared too, they
 * show what the output hides.
 */
export function probesOf(model: Model): string[] {
  const names = model.graph.outputs.flatMap((output) => {
    let node: Node | undefined = output.producer;
    for (let hop = 0; hop < MAX_HOPS && node?.is(...MOVING); hop++) node = node.input(0)?.producer;
    const probed = node?.is(...FLATTENING) ? node.input(0) : undefined;
    return probed?.producer === undefined || probed.graph !== model.graph || probed.isGraphOutput
      ? []
      : [probed.name];
  });
  return [...new Set(names)];
}

/** A copy of the model with the named values as further outputs, as far as it has them. */
export function withProbes(model: Model, names: readonly string[]): Model {
  if (names.length === 0) return model;
  const probed = cloneModel(model);
  const values = new Map<string, Value>();
  for (const node of probed.graph.nodes()) {
    for (const value of node.outputs) if (value !== null) values.set(value.name, value);
  }
  for (const name of names) {
    const value = values.get(name);
    if (value !== undefined && !value.isGraphOutput) probed.graph.addOutput(value);
  }
  return probed;
}
