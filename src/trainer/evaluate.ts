import type { Dataset } from "../data/dataset.js";
import type { Model } from "../ir/model.js";
import { type Evaluation, type EvaluationOptions, evaluateModel } from "../training/evaluation.js";
import { onnxruntime, type WithDefaultRuntime } from "./runtime.js";

/**
 * How well a model in inference form does on labelled data, `batchSize` samples at a time. Throws NormfoldError "usage" and
 * "invalid" for data that does not fit.
 */
export async function evaluate(
  model: Model,
  data: Dataset,
  options: WithDefaultRuntime<EvaluationOptions>,
): Promise<Evaluation> {
  return evaluateModel(model, data, { ...options, runtime: options.runtime ?? (await onnxruntime()) });
}
