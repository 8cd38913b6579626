import type { Model } from "../ir/model.js";
import type { EnsembleOptions } from "../training/ensemble.js";
import { type EnsembleProof, proveMean } from "../training/ensemble-proof.js";
import { onnxruntime } from "./runtime.js";

/**
 * Compares an ensemble with its members in onnxruntime, on generated inputs. Throws NormfoldError "check" when it is not the
 * mean of their probabilities, "unsupported" where onnxruntime cannot run a member.
 */
export async function proveEnsemble(
  models: readonly Model[],
  ensemble: Model,
  options: EnsembleOptions = {},
): Promise<EnsembleProof> {
  return proveMean(models, ensemble, options, await onnxruntime());
}
