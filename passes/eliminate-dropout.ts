import { type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import type { Node } from "../src/ir/graph.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { constantTensor } from "../src/rules/constants.js";

const SENTENCES = {
  dropoutMaskIsUsed: (): string => "its mask output is used",
  dropoutIsInTrainingForm: (setting: string): string => `it is in training form (${setting})`,
  dropoutModeIsNotConstant: (mode: string): string => `training_mode "${mode}" is not constant`,
} as const;

/** Why a Dropout stays. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

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
  summary: "Dropout in inference form is removed",
  before: "y = Dropout(x)  z = Relu(y)",
  after: "z = Relu(x)",
  numerics: "exact",
  specials: { mayChange: [], because: "it copies its input" },
  order: "any place",
  refusals,
  rules: [{ operators: ["Dropout"], match }],
};

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [input, output] = [node.input(0), node.output(0)];
  if (!node.is("Dropout") || input === undefined || output === undefined) return undefined;
  const training = trainingForm(node, facts.opset(node));
  if (training !== undefined) return training;
  if ((node.output(1)?.uses.size ?? 0) > 0) return refusals.dropoutMaskIsUsed();
  return readThrough(node, output, input, "drops nothing in inference");
}

function trainingForm(node: Node, opset = 0): Refusal | undefined {
  if (opset < 7) {
    return node.int("is_test", 0) === 0 ? refusals.dropoutIsInTrainingForm("is_test = 0") : undefined;
  }
  const mode = node.input(2);
  if (opset < 12 || mode === undefined) return undefined;
  const constant = constantTensor(mode);
  if (constant === undefined) return refusals.dropoutModeIsNotConstant(mode.name);
  return constant.toScalar() !== 0 ? refusals.dropoutIsInTrainingForm("training_mode = true") : undefined;
}
