import type { Batch, Dataset, Field } from "../data/dataset.js";
import { isFloat } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { hasNonFinite } from "../runtime/compare.js";
import type { RuntimeTensor } from "../runtime/runtime.js";
import { errors } from "./errors.js";

/** Which field of a dataset feeds which input of a model. */
export interface FeedPlan {
  /** The inputs, each with its field. */
  readonly pairs: readonly { readonly input: string; readonly field: string }[];
  /** The batch size that the model's inputs fix; undefined where they leave it open. */
  readonly fixedBatch: number | undefined;
}

/**
 * Matches a dataset's fields with a model's inputs: by name, or by position where the fields have no names of their
 * own. Throws "invalid" for missing fields, other types, and sizes that contradict the model's.
 */
export function planFeeds(model: Model, dataset: Dataset): FeedPlan {
  const inputs = model.graph.inputs.filter(
    (value) => value.tensor === undefined && value.sparse === undefined,
  );
  const byName = new Map(dataset.fields.map((field) => [field.name, field]));
  const positional = dataset.fields.every((field, i) => field.name === `arr_${i}`);
  const pairs = inputs.map((value, i) => {
    const field = byName.get(value.name) ?? (positional ? dataset.fields[i] : undefined);
    if (field === undefined) {
      const known = dataset.fields.map(({ name }) => name);
      throw errors.dataLacksInput(value.name, known);
    }
    return { value, field };
  });
  const sizes = pairs.map(({ value, field }) => checkField(value, field));
  const fixed = [...new Set(sizes.filter((size) => size !== undefined))];
  if (fixed.length > 1) throw errors.inputsFixOtherBatchSizes(fixed);
  return {
    pairs: pairs.map(({ value, field }) => ({ input: value.name, field: field.name })),
    fixedBatch: fixed[0],
  };
}

/** Checks a field against the input's declaration; gives the batch size that the declaration fixes. */
function checkField(value: Value, field: Field): number | undefined {
  const { type } = value;
  if (type?.kind !== "tensor") return undefined;
  if (type.dtype !== field.dtype) {
    throw errors.dataTypeDiffersFromInput(value.name, field.dtype, type.dtype);
  }
  const { shape } = type;
  if (shape === undefined || field.shape === undefined) return undefined;
  const sample = shape.slice(1);
  const fits =
    sample.length === field.shape.length &&
    sample.every((dim, axis) => typeof dim !== "number" || dim <= 0 || dim === field.shape?.[axis]);
  if (!fits) throw errors.sampleShapeDiffersFromInput(value.name, field.shape, sample);
  const batch = shape[0];
  return typeof batch === "number" && batch > 0 ? batch : undefined;
}

/** The feeds of one batch. Throws "invalid" for NaN and infinite numbers. `index` counts batches from 0. */
export function feedsOf(batch: Batch, plan: FeedPlan, index: number): ReadonlyMap<string, RuntimeTensor> {
  return new Map(
    plan.pairs.map(({ input, field }) => {
      const tensor = batch.tensors.get(field);
      if (tensor === undefined) throw errors.batchLacksField(index + 1, field);
      if (isFloat(tensor.dtype) && hasNonFinite(tensor)) throw errors.batchIsNotFinite(index + 1, field);
      return [input, tensor];
    }),
  );
}
