import type { Dataset } from "../data/dataset.js";
import type { Model } from "../ir/model.js";
import { type Evaluation, type EvaluationOptions, evaluateModel } from "../training/evaluation.js";
import { batchSizeFor } from "./batch-size.js";
import { onnxruntime, type WithDefaults } from "./runtime.js";

/**
 * How well a model in inference form does on labelled data, `batchSize` samples at a time. Throws NormfoldError "usage" and
 * "invalid" for data that does not fit.
 */
export async function evaluate(
  model: Model,
  data: Dataset,
  options: WithDefaults<EvaluationOptions>,
): Promise<Evaluation> {
  return evaluateModel(model, data, {
    ...options,
    batchSize: batchSizeFor(model, data, options),
    runtime: options.runtime ?? (await onnxruntime()),
  });
}
