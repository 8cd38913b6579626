import type { Dataset } from "../data/dataset.js";
import type { Model } from "../ir/model.js";
import { errors } from "./errors.js";

const DEFAULT = 32;

/** The batch size that the inputs of a model fix; undefined where they leave it open. */
export function fixedBatchOf(model: Model): number | undefined {
  return fixedInputs(model)[0]?.size;
}

/** Throws "usage" for a batch size that an input of the model rules out. */
export function assertBatchSize(model: Model, batchSize: number): void {
  const other = fixedInputs(model).find(({ size }) => size !== batchSize);
  if (other !== undefined) throw errors.batchSizeIsFixed(other.size, batchSize).at({ element: other.name });
}

function fixedInputs(model: Model): readonly { readonly name: string; readonly size: number }[] {
  return model.graph.inputs.flatMap(({ name, type, tensor, sparse }) => {
    if (type?.kind !== "tensor" || tensor !== undefined || sparse !== undefined) return [];
    const size = type.shape?.[0];
    return typeof size === "number" && size > 0 ? [{ name, size }] : [];
  });
}

/** The samples in a batch: as many as the model fixes, else as many as are wanted, else 32, or all where there are fewer. */
export function chooseBatchSize(
  fixed: number | undefined,
  { size }: Pick<Dataset, "size">,
  { batchSize, limit }: { readonly batchSize?: number | undefined; readonly limit?: number | undefined },
): number {
  const unlimited = Number.POSITIVE_INFINITY;
  return fixed ?? batchSize ?? Math.min(DEFAULT, size ?? unlimited, limit ?? unlimited);
}
