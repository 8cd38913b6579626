import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";

const SENTENCES = {
  // Composing weights
  firstWeightIsNotFinite: (): string => "the first weight has elements that are not finite",

  // Gradients
  layoutIsBatchFirst: (): string => "its layout is 1, which onnxruntime does not run either; use 0",
  cellIsClipped: (): string => "it has a clip",
  gatesAreCoupled: (): string => "it couples its input and forget gates (input_forget)",
  sequencesHaveLengths: (): string =>
    "it has sequence_lens; pad the sequences to one length and leave it out",
  cellHasPeepholes: (): string => "it has peepholes",
  activationsAreNotDefault: (activations: readonly string[]): string =>
    `its activations are not the default ones (${activations.join(", ")})`,
  cellFormIsUnknown: (): string => "its form is not known",
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
