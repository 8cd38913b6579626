import { defined } from "../base/optional.js";
import type { Dataset } from "../data/dataset.js";
import type { Node } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { encodeToBytes } from "../proto/encode.js";
import type { AccuracyReport } from "../reference/measure-models.js";
import { constantTensor } from "../rules/constants.js";
import { createChecker } from "../runtime/check.js";
import type { CheckReport } from "../runtime/check-report.js";
import { optionsFor, ready } from "../runtime/checker-options.js";
import type { FeedSet } from "../runtime/feeds.js";
import { probesOf, withProbes } from "../runtime/probes.js";
import type { Runtime, RuntimeModel } from "../runtime/runtime.js";
import { runtimeForm } from "../staging/form.js";
import { feedsOf, planFeeds } from "./feed-plan.js";

/** How to compare two models. */
export interface ProofOptions {
  /** Default: onnxruntime. */
  readonly runtime?: Runtime;
  /** Samples of the data to compare on, at most 4. */
  readonly batchSize?: number;
  /** The seed of generated inputs. Default 0. */
  readonly seed?: number;
  /** Ends the comparison with its reason as the error. */
  readonly signal?: AbortSignal;
  /** Also measure both against a float64 evaluation of the original. */
  readonly reference?: boolean;
}

/** How two models compare. Plain data. */
export interface Proof {
  /** The comparison of the outputs in the runtime. */
  readonly check: CheckReport;
  /** How far each is from a float64 evaluation of the original, where the options ask for it and the original runs. */
  readonly accuracy: AccuracyReport | undefined;
}

/**
 * Runs both models in the runtime, on the first samples of the data or without data on generated inputs, and compares
 * their outputs, which are to be the same up to rounding. `changed` names inner values that differ on purpose: layers
 * without their bias.
 */
export async function proveInsertion(
  original: Model,
  result: Model,
  data: Dataset | undefined,
  options: ProofOptions,
  changed: ReadonlySet<string> = new Set(),
): Promise<Proof> {
  const { batchSize, seed = 0, signal } = options;
  const runtime = options.runtime ?? (await (await import("../runtime/ort.js")).defaultRuntime());
  const probes = probesOf(original).filter((name) => !changed.has(name));
  const feeds = data === undefined ? undefined : await firstBatch(original, data, batchSize);
  const files = {
    original: bytesOf(withProbes(original, probes)),
    result: bytesOf(withProbes(result, probes)),
  };
  const checker = await createChecker(files.original, {
    ...optionsFor(original, {
      runtime,
      seed,
      probes,
      stage: (model) => Promise.resolve(ready(bytesOf(model))),
    }),
    ...defined({ feeds, signal }),
  });
  try {
    const check = withWayOut(await checker.compare(files.result, "rounding"), original);
    if (!options.reference || checker.unchecked !== undefined) return { check, accuracy: undefined };
    // The evaluator is loaded only where it is asked for.
    const { measureModels } = await import("../reference/measure-models.js");
    return { check, accuracy: await measureModels(original, files, checker.sets, runtime) };
  } finally {
    await checker.close();
  }
}

/** Adds advice where outputs could not be judged because Dropout makes them random. */
function withWayOut(check: CheckReport, original: Model): CheckReport {
  const isUnjudged = check.sets.some(({ outputs }) => outputs.some(({ verdict }) => verdict === "unjudged"));
  if (check.status !== "unchecked" || check.reason === undefined || !isUnjudged) return check;
  const dropout = [...original.nodes()].find(isTrainingDropout);
  if (dropout === undefined) return check;
  const advice = `${dropout.label} drops elements at random; "normfold freeze" takes it out`;
  return { ...check, reason: `${check.reason}; ${advice}` };
}

/** Whether training_mode (from opset 12 on) or is_test (before 7) makes a Dropout drop; between, it is the identity. */
function isTrainingDropout(node: Node): boolean {
  if (!node.is("Dropout")) return false;
  const mode = node.input(2);
  if (mode !== undefined) return constantTensor(mode)?.toFloat64()[0] !== 0;
  return node.attribute("is_test") !== undefined && node.int("is_test", 0) === 0;
}

function bytesOf(model: Model): RuntimeModel {
  return { kind: "bytes", bytes: encodeToBytes(runtimeForm(model)) };
}

/** More samples tell nothing new. */
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
