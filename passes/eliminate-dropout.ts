import { type Refusal, refuse } from "../src/base/refusal.js";
import type { Node } from "../src/ir/graph.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { constantTensor } from "../src/rules/constants.js";

/**
 * Remove Dropout in inference form, where it is the identity.
 *
 *   before   y = Dropout(x)
 *   after    y is x
 *
 * Source     ONNX Dropout-1 to -22: is_test until opset 6, always inference in 7 to 11, training_mode from 12 on
 * Refuses    training form; a training_mode that is not constant; a mask output that is used
 * Numerics   exact
 */
export const eliminateDropout: Pass = {
  kind: "rules",
  name: "eliminate-dropout",
  summary: "Dropout in inference form is read through",
  before: "y = Dropout(x)  z = Relu(y)",
  after: "z = Relu(x)",
  numerics: "exact",
  rules: [{ operators: ["Dropout"], match }],
};

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [input, output] = [node.input(0), node.output(0)];
  if (!node.is("Dropout") || input === undefined || output === undefined) return undefined;
  const training = trainingForm(node, facts.opset(node));
  if (training !== undefined) return training;
  if ((node.output(1)?.uses.size ?? 0) > 0) return refuse("its mask output is used");
  return readThrough(node, output, input, "drops nothing in inference");
}

function trainingForm(node: Node, opset = 0): Refusal | undefined {
  if (opset < 7) {
    return node.int("is_test", 0) === 0 ? refuse("it is in training form (is_test = 0)") : undefined;
  }
  const mode = node.input(2);
  if (opset < 12 || mode === undefined) return undefined;
  const constant = constantTensor(mode);
  if (constant === undefined) return refuse(`training_mode "${mode.name}" is not constant`);
  return constant.toScalar() !== 0 ? refuse("it is in training form (training_mode = true)") : undefined;
}
