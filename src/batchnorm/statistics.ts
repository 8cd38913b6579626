import { createFacts } from "../analysis/fact-table.js";
import { invariant, present } from "../base/assert.js";
import { product } from "../base/integers.js";
import { defined } from "../base/optional.js";
import type { Dataset } from "../data/dataset.js";
import { errors as dataErrors } from "../data/errors.js";
import { isFloat } from "../ir/dtype.js";
import type { Node } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { decodeNumbers } from "../ir/tensor.js";
import { DRAWING, type LIMIT } from "../options/data.js";
import type { OptionsOf } from "../options/spec.js";
import { assertValues } from "../options/validate.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import type { Runtime, RuntimeTensor, TensorMap } from "../runtime/runtime.js";
import { runtimeBytes } from "../staging/form.js";
import { chooseBatchSize } from "./batch-size.js";
import { errors } from "./errors.js";
import { type FeedPlan, feedsOf, planFeeds } from "./feed-plan.js";
import { type Gauge, instrument } from "./instrument.js";
import type { MeasuredValue } from "./measured-value.js";
import { type BatchMoments, MomentsAccumulator, type Population, type StatisticsMethod } from "./moments.js";

/** How far a measurement is. */
export interface StatisticsProgress {
  /** Batches that were measured. */
  readonly batches: number;
  /** Samples that were measured. */
  readonly samples: number;
  /** Samples in all, where the dataset knows. */
  readonly total: number | undefined;
}

/** What to measure, how, and on how much of the data. */
export interface StatisticsOptions extends OptionsOf<typeof DRAWING>, OptionsOf<typeof LIMIT> {
  /**
   * What to measure: values with a channel axis (a Site is one), or BatchNormalization nodes, whose inputs are
   * measured. Default: every BatchNormalization of the main graph.
   */
  readonly targets?: readonly (MeasuredValue | Node)[];
  /** Default "paper". */
  readonly method?: StatisticsMethod;
  /**
   * How batches are normalized on their way to the layers behind a BatchNormalization that is a target: by their own
   * statistics, as in the paper's Algorithm 2 (default), or by the stored ones.
   */
  readonly normalizedBy?: "batch" | "stored";
  /** Another runtime than onnxruntime-node. */
  readonly runtime?: Runtime;
  /** Called after each batch. */
  readonly onProgress?: (progress: StatisticsProgress) => void;
  /** Called with each batch's statistics of target `index`. */
  readonly onBatch?: (index: number, moments: BatchMoments) => void;
  /** Ends the measurement with its reason as the error. */
  readonly signal?: AbortSignal;
}

/** The statistics of one layer. */
export interface LayerStatistics extends Population {
  /** The name of the target. */
  readonly name: string;
  /** The number of channels. */
  readonly channels: number;
}

/** The statistics of all targets. Plain data. */
export interface StatisticsReport {
  /** The method that was used. */
  readonly method: StatisticsMethod;
  /** Samples in a batch. */
  readonly batchSize: number;
  /** Batches that were measured. */
  readonly batches: number;
  /** Samples that were measured. */
  readonly samples: number;
  /** The statistics, in the order of the targets. */
  readonly layers: readonly LayerStatistics[];
}

/**
 * Measures population statistics of layers over a dataset, in one pass with one batch in memory. Batches are measured
 * inside the runtime and merged in float64. "paper" leaves out a last batch that is not full, and so does any method
 * where the model fixes its batch. Throws "usage" for a batch size that makes no sense; "invalid" for data that does
 * not fit the model, has no samples or fewer than a batch, or leads to NaN or infinite activations; "unsupported" for a
 * layer whose type, rank or channels are not known, and where a batch has one element per channel, which has no
 * variance.
 */
export async function estimateStatistics(
  model: Model,
  dataset: Dataset,
  options: StatisticsOptions = {},
): Promise<StatisticsReport> {
  const { method = "paper", signal } = options;
  const targets = measuredOf(model, options);
  const plan = planFeeds(model, dataset);
  const batchSize = batchSizeOf(dataset, plan, options);
  const { model: measuring, gauges } = instrument(model, targets, batchSize);
  const meters = gauges.map((gauge) => ({ gauge, moments: new MomentsAccumulator(gauge.channels) }));
  let [batches, samples] = [0, 0];
  if (gauges.length === 0) return { method, batchSize, batches, samples, layers: [] };

  const runtime = options.runtime ?? (await (await import("../runtime/ort.js")).defaultRuntime());
  const session = await runtime.open(
    { kind: "bytes", bytes: runtimeBytes(measuring) },
    { optimize: true, planMemory: false, ...defined({ threads: options.threads }) },
  );
  try {
    const drawn = dataset.batches({
      size: batchSize,
      dropLast: method === "paper" || plan.fixedBatch !== undefined,
      ...defined({ limit: options.limit, seed: options.seed, signal }),
    });
    for await (const batch of drawn) {
      signal?.throwIfAborted();
      const outputs = await session.run(feedsOf(batch, plan, batches));
      meters.forEach(({ gauge, moments }, index) => {
        const measured = read(gauge, outputs, batches, method);
        moments.add(measured);
        options.onBatch?.(index, measured);
      });
      batches++;
      samples += batch.size;
      options.onProgress?.({ batches, samples, total: dataset.size });
    }
  } finally {
    await session.close();
  }
  if (batches === 0) throw errors.dataIsSmallerThanBatch(dataset.size, batchSize);
  const layers = meters.map(({ gauge: { name, channels }, moments }) => {
    return { name, channels, ...moments.result(method) };
  });
  const single = layers.find((layer) => layer.count < 2);
  if (single !== undefined) throw errors.channelHasOneElement().at({ element: single.name });
  return { method, batchSize, batches, samples, layers };
}

function batchSizeOf(dataset: Dataset, { fixedBatch }: FeedPlan, options: StatisticsOptions): number {
  const { batchSize, limit } = options;
  if (dataset.size === 0) throw dataErrors.dataHoldsNoSamples();
  assertValues({ batchSize: DRAWING.batchSize }, options);
  if (fixedBatch !== undefined && batchSize !== undefined && fixedBatch !== batchSize) {
    throw errors.batchSizeIsFixed(fixedBatch, batchSize);
  }
  const available = Math.min(dataset.size ?? Number.POSITIVE_INFINITY, limit ?? Number.POSITIVE_INFINITY);
  const size = chooseBatchSize(fixedBatch, dataset, options);
  if (available < size) throw errors.dataIsSmallerThanBatch(available, size);
  return size;
}

function read(gauge: Gauge, outputs: TensorMap, batch: number, method: StatisticsMethod): BatchMoments {
  const numbers = (name: string): Float64Array => {
    const tensor = present(outputs.get(name), `the runtime gave "${name}"`);
    return decode(tensor);
  };
  const [mean, spread] = [numbers(gauge.mean), numbers(gauge.spread)];
  const count = (numbers(gauge.size)[0] ?? 0) / gauge.channels;
  if (!(count > 1) && method === "paper") throw errors.channelHasOneElement().at({ element: gauge.name });
  const variance = gauge.spreadIs === "variance" ? spread : spread.map((sum) => sum / count);
  for (let c = 0; c < gauge.channels; c++) {
    if (Number.isFinite(mean[c]) && Number.isFinite(variance[c])) continue;
    throw errors.activationIsNotFinite(batch + 1, c).at({ element: gauge.name });
  }
  return { mean, variance, count };
}

function decode({ dtype, dims, data }: RuntimeTensor): Float64Array {
  const size = product(dims);
  invariant(data instanceof Uint8Array, "statistics are numbers");
  return decodeNumbers(dtype, data, size);
}

function measuredOf(model: Model, options: StatisticsOptions): readonly MeasuredValue[] {
  const facts = createFacts(model);
  const targets = options.targets ?? [...model.graph.nodes()].filter((node) => node.is("BatchNormalization"));
  return targets.map((target) => ("value" in target ? target : ofNormalization(target, facts, options)));
}

function ofNormalization(node: Node, facts: Facts, options: StatisticsOptions): MeasuredValue {
  const [value, scale] = [node.input(0), node.input(1)];
  const channels =
    scale && (constantTensor(scale)?.size ?? facts.staticShape(scale)?.[0] ?? scale.tensor?.size);
  const dtype = value && (facts.dtype(value) ?? (scale && facts.dtype(scale)));
  if (!node.is("BatchNormalization") || value === undefined || channels === undefined) {
    throw errors.measuredChannelsAreUnknown().at({ element: node.label });
  }
  if (dtype === undefined || !isFloat(dtype)) {
    throw errors.measuredTypeIsNotFloat(dtype).at({ element: node.label });
  }
  const measured: MeasuredValue = { name: node.name || node.key, value, axis: 1, channels, dtype };
  return options.normalizedBy === "stored" ? measured : { ...measured, normalization: node };
}
