import type { Model } from "../ir/model.js";
import type { LOWER } from "../options/commands.js";
import type { OptionsOf } from "../options/spec.js";
import { isPreviewTraining, loadIn, lowerPreviewTraining } from "../training/lower-preview.js";
import { trainingModel } from "../training/training-info.js";
import { onnxruntime } from "./runtime.js";

/** Has onnxruntime load a model. Throws NormfoldError "unsupported" and "invalid" with its reason where it does not. */
export async function assertLoads(model: Model): Promise<void> {
  await loadIn(await onnxruntime(), model);
}

/** Which graph is lowered, and whether the result is checked. */
export interface LowerOptions extends OptionsOf<typeof LOWER> {
  /** Make a model of this step of the model's training_info, counted from 0. Default: lower the model itself. */
  readonly trainingInfo?: number;
}

/** The account of one `lower`. Plain data. */
export interface LowerReport {
  /** The nodes that were written out. */
  readonly lowered: readonly string[];
  /** With `trainingInfo`: the inputs that hold the state, and the outputs that hold it after the step. */
  readonly state: readonly { readonly name: string; readonly next: string }[];
  /** Whether onnxruntime loaded the result. */
  readonly checked: boolean;
}

/**
 * Replaces ONNX's preview operators for training by standard operators, in a copy of the model or of its training step.
 * Throws NormfoldError as lowerPreviewTraining, trainingModel and assertLoads do.
 */
export async function lower(
  original: Model,
  { trainingInfo, check = true }: LowerOptions = {},
): Promise<{ readonly model: Model; readonly report: LowerReport }> {
  const step = trainingInfo === undefined ? undefined : trainingModel(original, trainingInfo);
  const source = step?.model ?? original;
  const lowered = [...source.nodes()].filter(isPreviewTraining).map(({ label }) => label);
  const model = lowerPreviewTraining(source);
  if (check) await assertLoads(model);
  const state = (step?.state ?? []).map(({ name, next }) => ({ name, next }));
  return { model, report: { lowered, state, checked: check } };
}
