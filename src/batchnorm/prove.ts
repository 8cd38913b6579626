import type { Dataset } from "../data/dataset.js";
import type { Model } from "../ir/model.js";
import { encodeToBytes } from "../proto/encode.js";
import { type CheckReport, checkModels, type StagedModel } from "../runtime/check.js";
import type { FeedSet } from "../runtime/feeds.js";
import { describeInputs, precisionOf } from "../runtime/inputs.js";
import { perturbWeights } from "../runtime/perturb.js";
import { probesOf, withProbes } from "../runtime/probes.js";
import type { Runtime, RuntimeModel } from "../runtime/runtime.js";
import { feedsOf, planFeeds } from "./feeds.js";

export interface ProofOptions {
  readonly runtime?: Runtime;
  readonly batchSize?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs both models in the runtime, on the first batch of the data or without data on generated inputs, and says how their outputs compare: the
 * same real function, computed with other roundings. `changed` names inner values that are others now: layers without their bias.
 */
export async function proveInsertion(
  original: Model,
  result: Model,
  data: Dataset | undefined,
  { runtime, batchSize, seed = 0, signal }: ProofOptions,
  changed: ReadonlySet<string> = new Set(),
): Promise<CheckReport> {
  const probes = probesOf(original).filter((name) => !changed.has(name));
  const feeds = data === undefined ? undefined : await firstBatch(original, data, batchSize);
  return checkModels(bytesOf(original, probes), bytesOf(result, probes), {
    runtime: runtime ?? (await (await import("../runtime/ort.js")).defaultRuntime()),
    seed,
    inputs: describeInputs(original),
    precision: precisionOf(original),
    noisy: () => Promise.resolve(staged(bytesOf(perturbWeights(original, seed), probes))),
    optional: probes,
    numerics: "rounding",
    ...(feeds === undefined ? {} : { feeds }),
    ...(signal === undefined ? {} : { signal }),
  });
}

function bytesOf(model: Model, probes: readonly string[]): RuntimeModel {
  return { kind: "bytes", bytes: encodeToBytes(withProbes(model, probes)) };
}

function staged(model: RuntimeModel): StagedModel {
  return { model, dispose: () => Promise.resolve() };
}

/** The check compares a handful of samples; more tell nothing new. */
const CHECKED_SAMPLES = 4;

async function firstBatch(
  model: Model,
  data: Dataset,
  batchSize: number | undefined,
): Promise<readonly FeedSet[] | undefined> {
  const plan = planFeeds(model, data);
  const size = plan.fixedBatch ?? Math.min(batchSize ?? CHECKED_SAMPLES, CHECKED_SAMPLES);
  for await (const batch of data.batches({ size, limit: size })) {
    return [{ name: "the first samples", feeds: feedsOf(batch, plan, 0), expected: undefined }];
  }
  return undefined;
}
