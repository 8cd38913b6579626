import { assertBatchSize, chooseBatchSize, fixedBatchOf } from "../batchnorm/batch-size.js";
import type { Dataset } from "../data/dataset.js";
import type { Model } from "../ir/model.js";

/**
 * The samples in a batch: as many as the model's inputs fix, else as many as are wanted, else 32, or all where there are
 * fewer. Throws NormfoldError "usage" for a size that is wanted and that the model rules out.
 */
export function batchSizeFor(
  model: Model,
  data: Dataset,
  wanted: { readonly batchSize?: number | undefined; readonly limit?: number | undefined },
): number {
  if (wanted.batchSize !== undefined) assertBatchSize(model, wanted.batchSize);
  // Data without samples is refused where it is read.
  return wanted.batchSize ?? Math.max(1, chooseBatchSize(fixedBatchOf(model), data, wanted));
}
