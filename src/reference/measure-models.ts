import { NormfoldError } from "../base/errors.js";
import { isRefusal, type Refusal } from "../base/refusal.js";
import { type ReferenceTensor, referenceFromBytes } from "../float64/tensor.js";
import type { Model } from "../ir/model.js";
import type { FeedSet } from "../runtime/feeds.js";
import type { Runtime, RuntimeModel, TensorMap } from "../runtime/runtime.js";
import { measureAccuracy, type OutputAccuracy, type RunOutputs } from "./accuracy.js";

/** The distances of original and result from the real function, on every set of inputs of the check. */
export interface AccuracyReport {
  /** The distances on each set of inputs. */
  readonly sets: readonly { readonly name: string; readonly outputs: readonly OutputAccuracy[] }[];
  /** Why it could not be measured: an operator that the float64 evaluator does not have. */
  readonly refused: string | undefined;
}

/**
 * Runs both models in the runtime and compares their outputs with a float64 evaluation of the original, which takes the
 * stored weights as exact. Throws as the runtime does.
 */
export async function measureModels(
  model: Model,
  files: { readonly original: RuntimeModel; readonly result: RuntimeModel },
  sets: readonly FeedSet[],
  runtime: Runtime,
): Promise<AccuracyReport> {
  const originals = await runAll(runtime, files.original, sets);
  const results = await runAll(runtime, files.result, sets);
  const measured: { name: string; outputs: readonly OutputAccuracy[] }[] = [];
  for (const [index, set] of sets.entries()) {
    const [original, result] = [originals[index], results[index]];
    if (original === undefined || result === undefined) continue;
    const outputs = measure(model, toReference(set.feeds), { original, result });
    if (outputs instanceof NormfoldError) return { sets: [], refused: outputs.message };
    if (isRefusal(outputs)) return { sets: [], refused: outputs.reason };
    measured.push({ name: set.name, outputs });
  }
  return { sets: measured, refused: undefined };
}

/** The distances of the outputs, or the error that names an operator without a float64 evaluation. */
function measure(
  model: Model,
  feeds: ReadonlyMap<string, ReferenceTensor>,
  outputs: RunOutputs,
): readonly OutputAccuracy[] | Refusal | NormfoldError {
  try {
    return measureAccuracy(model, feeds, outputs);
  } catch (error) {
    if (error instanceof NormfoldError && error.code === "unsupported") return error;
    throw error;
  }
}

async function runAll(
  runtime: Runtime,
  model: RuntimeModel,
  sets: readonly FeedSet[],
): Promise<ReadonlyMap<string, ReferenceTensor>[]> {
  const session = await runtime.open(model);
  try {
    const runs: ReadonlyMap<string, ReferenceTensor>[] = [];
    for (const { feeds } of sets) runs.push(toReference(await session.run(feeds)));
    return runs;
  } finally {
    await session.close();
  }
}

/** Strings have no distance and are left out. */
function toReference(tensors: TensorMap): ReadonlyMap<string, ReferenceTensor> {
  const converted = new Map<string, ReferenceTensor>();
  for (const [name, { dtype, dims, data }] of tensors) {
    if (data instanceof Uint8Array) converted.set(name, referenceFromBytes(dtype, dims, data));
  }
  return converted;
}
