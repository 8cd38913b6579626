import type { Model } from "../ir/model.js";
import { loadIn } from "../training/lower-preview.js";
import { onnxruntime } from "./runtime.js";

/** Has onnxruntime load a model. Throws NormfoldError "unsupported" and "invalid" with its reason where it does not. */
export async function assertLoads(model: Model): Promise<void> {
  await loadIn(await onnxruntime(), model);
}
