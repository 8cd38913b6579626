import { present } from "../base/assert.js";
import type { Dataset } from "../data/dataset.js";
import { cloneModel } from "../ir/clone.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { CALIBRATE } from "../options/calibrate.js";
import type { OptionsOf } from "../options/spec.js";
import { assertEffects, assertValues, settle } from "../options/validate.js";
import { type CalibrationReport, type ChannelStatistics, calibratedLayer } from "./calibration-report.js";
import { errors } from "./errors.js";
import { ownNormalizations } from "./layers.js";
import { levelsOf } from "./levels.js";
import type { BatchMoments } from "./moments.js";
import { estimateStatistics, type StatisticsOptions } from "./statistics.js";

/** How to calibrate, and on how much of the data. */
export interface CalibrateOptions
  extends OptionsOf<typeof CALIBRATE>,
    Pick<
      StatisticsOptions,
      "batchSize" | "limit" | "seed" | "runtime" | "threads" | "onProgress" | "signal"
    > {
  /** True for the layers that keep their statistics, by the name of their output. Default: none. */
  readonly keep?: (output: string) => boolean;
}

/** A model with new statistics, and the report. */
export interface CalibrateResult {
  /** A changed copy of the model that was given. */
  readonly model: Model;
  /** What was done. */
  readonly report: CalibrationReport;
}

/**
 * Gives the BatchNormalizations of the main graph new population statistics from data, in a copy of the model: after
 * training, for data of another domain (AdaBN), or after weights changed. Nothing else changes. Throws as
 * estimateStatistics does, "usage" for a model without BatchNormalization and for a momentum that makes no sense, and
 * "unsupported" where statistics are no constants or do not fit into their type.
 */
export async function calibrate(
  model: Model,
  dataset: Dataset,
  options: CalibrateOptions = {},
): Promise<CalibrateResult> {
  assertValues(CALIBRATE, options);
  assertEffects(CALIBRATE, options);
  const { method: _, momentum, keep = () => false, ...rest } = options;
  const { method } = settle(CALIBRATE, options);
  const copy = cloneModel(model);
  const { separated } = ownNormalizations(copy);
  const layers = normalizationsOf(copy.graph, keep);
  const passedOver = nestedNormalizations(copy);
  if (layers.length === 0) {
    throw passedOver.length === 0 ? errors.noNormalizationToCalibrate() : errors.onlyNestedNormalizations();
  }
  const before = layers.map((layer) => stored(layer));
  const measured =
    method === "sequential"
      ? await inSequence(copy, layers, dataset, rest)
      : method === "moving-average"
        ? await movingAverage(copy, layers, dataset, rest, momentum)
        : await atOnce(copy, layers, dataset, rest, method);
  return {
    model: copy,
    report: {
      method,
      batchSize: measured.batchSize,
      batches: measured.batches,
      samples: measured.samples,
      layers: layers.map((layer, index) =>
        calibratedLayer(
          layer.node,
          present(before[index], "one a layer"),
          stored(layer),
          measured.standardErrors[index],
        ),
      ),
      passedOver,
      separated,
    },
  };
}

interface Layer {
  readonly node: Node;
  readonly mean: Value;
  readonly variance: Value;
}

type RunOptions = Omit<CalibrateOptions, "method" | "momentum" | "keep">;

/** The size of a pass over the data, and the standard errors of each layer. */
interface Measurement {
  readonly batchSize: number;
  readonly batches: number;
  readonly samples: number;
  readonly standardErrors: readonly (ChannelStatistics | undefined)[];
}

/** The normalizations of the main graph, whose statistics are their own. */
function normalizationsOf(graph: Graph, keep: (output: string) => boolean): readonly Layer[] {
  const layers: Layer[] = [];
  for (const node of graph.nodes()) {
    if (!node.is("BatchNormalization")) continue;
    if (keep(node.output(0)?.name ?? "")) continue;
    layers.push({ node, mean: storedStatistic(graph, node, 3), variance: storedStatistic(graph, node, 4) });
  }
  return layers;
}

function nestedNormalizations(model: Model): readonly string[] {
  const inner = [...model.graph.withSubgraphs()].filter((graph) => graph !== model.graph);
  const bodies = model.functions.flatMap(({ body }) => [...body.withSubgraphs()]);
  return [...inner, ...bodies].flatMap((graph) =>
    [...graph.nodes()].filter((node) => node.is("BatchNormalization")).map((node) => node.name || node.key),
  );
}

function storedStatistic(graph: Graph, node: Node, index: number): Value {
  const value = node.input(index);
  if (value?.tensor === undefined || value.graph !== graph) {
    throw errors.statisticIsNotInitializer(index === 3 ? "mean" : "variance").at({ element: node.label });
  }
  return value;
}

function stored({ mean, variance }: Layer): ChannelStatistics {
  return { mean: numbersOf(mean), variance: numbersOf(variance) };
}

function numbersOf(value: Value): Float64Array {
  return present(value.tensor, `"${value.name}" is an initializer`).toFloat64();
}

function store({ node, mean, variance }: Layer, statistics: ChannelStatistics): void {
  for (const [value, numbers] of [
    [mean, statistics.mean],
    [variance, statistics.variance],
  ] as const) {
    const old: Tensor = present(value.tensor, `"${value.name}" is an initializer`);
    const tensor = tensorFromNumbers(old.dtype, old.dims, numbers);
    if (!tensor.toFloat64().every(Number.isFinite)) {
      const which = value === mean ? "mean" : "variance";
      throw errors.statisticExceedsType(which, old.dtype).at({ element: node.label });
    }
    value.replaceTensor(tensor);
  }
}

async function atOnce(
  model: Model,
  layers: readonly Layer[],
  dataset: Dataset,
  options: RunOptions,
  method: "paper" | "pooled",
): Promise<Measurement> {
  const targets = layers.map(({ node }) => node);
  const report = await estimateStatistics(model, dataset, { ...options, method, targets });
  report.layers.forEach(({ mean, variance }, index) => {
    const layer = present(layers[index], "one result a target");
    store(layer, { mean, variance });
  });
  return { ...report, standardErrors: report.layers.map(({ standardError }) => standardError) };
}

async function inSequence(
  model: Model,
  layers: readonly Layer[],
  dataset: Dataset,
  options: RunOptions,
): Promise<Measurement> {
  const layerOf = new Map(layers.map((layer) => [layer.node, layer]));
  const standardErrors = new Map<Layer, ChannelStatistics | undefined>();
  let totals = { batchSize: 0, batches: 0, samples: 0 };
  const nodes = layers.map(({ node }) => node);
  for (const targets of levelsOf(model.graph, nodes)) {
    const report = await estimateStatistics(model, dataset, {
      ...options,
      method: "pooled",
      normalizedBy: "stored",
      targets,
    });
    targets.forEach((node, index) => {
      const layer = present(layerOf.get(node), "a level is of layers");
      const { mean, variance, standardError } = present(report.layers[index], "one result a target");
      store(layer, { mean, variance });
      standardErrors.set(layer, standardError);
    });
    totals = report;
  }
  const { batchSize, batches, samples } = totals;
  return { batchSize, batches, samples, standardErrors: layers.map((layer) => standardErrors.get(layer)) };
}

async function movingAverage(
  model: Model,
  layers: readonly Layer[],
  dataset: Dataset,
  options: RunOptions,
  momentum: number | undefined,
): Promise<Measurement> {
  const averages = layers.map((layer) => ({
    ...stored(layer),
    weight: momentum ?? layer.node.float("momentum", 0.9),
  }));
  const onBatch = (index: number, batch: BatchMoments): void => {
    const { mean, variance, weight } = present(averages[index], "one a layer");
    for (let c = 0; c < mean.length; c++) {
      mean[c] = (mean[c] ?? 0) * weight + (batch.mean[c] ?? 0) * (1 - weight);
      variance[c] = (variance[c] ?? 0) * weight + (batch.variance[c] ?? 0) * (1 - weight);
    }
  };
  const targets = layers.map(({ node }) => node);
  const report = await estimateStatistics(model, dataset, { ...options, method: "pooled", targets, onBatch });
  averages.forEach(({ mean, variance }, index) => {
    const layer = present(layers[index], "one average a layer");
    store(layer, { mean, variance });
  });
  return { ...report, standardErrors: layers.map(() => undefined) };
}
