import { createFacts } from "../analysis/fact-table.js";
import { present } from "../base/assert.js";
import { NormfoldError } from "../base/errors.js";
import { cloneModel, type ValueMap } from "../ir/clone.js";
import type { Graph, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { valuesByName } from "../ir/values-by-name.js";
import { raiseOpset } from "../opset/raise.js";
import { rowLayoutOf } from "./batch-moments.js";
import { removeDropout } from "./dropout.js";
import { type MeasuredValue, measure, normalizeWithBatch } from "./measured-value.js";

/** The outputs that hold the measurements of one value. */
export interface Gauge {
  /** The name of the measured value. */
  readonly name: string;
  /** The number of channels. */
  readonly channels: number;
  /** The mean of each channel. */
  readonly mean: string;
  /** The biased variance, or the sum of squared distances from the mean. */
  readonly spread: string;
  /** Which of the two `spread` is. */
  readonly spreadIs: "variance" | "squares";
  /** The number of elements of the value. */
  readonly size: string;
}

/** A model that measures. */
export interface Instrumented {
  /** The nodes that the measured values need and those that measure; its outputs are those of the gauges alone. */
  readonly model: Model;
  /** The measurements, in the order of the measured values. */
  readonly gauges: readonly Gauge[];
}

/**
 * Makes a copy of the model that gives, instead of its outputs, the mean and variance of each channel of the measured
 * values, so that only vectors leave the runtime. From opset 14 on, BatchNormalization in training form with momentum 0
 * gives both in one kernel, and large maps are summed row by row; matrices and older models take two passes of
 * reductions. Half precision is measured in float.
 */
export function instrument(given: Model, wanted: readonly MeasuredValue[], batchSize = 1): Instrumented {
  const { model, targets } = raised(given, wanted);
  const values: ValueMap = new Map();
  const copy = cloneModel(model, values);
  const { graph } = copy;
  const original = graph.outputs;
  removeDropout(graph);
  const facts = createFacts(copy);
  const opset = copy.opset() ?? 0;
  const gauges: Gauge[] = [];
  const outputs: Value[] = [];
  // Pooling first removes the map in full size, but a measured value that no normalization reads may depend on it.
  const mayPoolFirst = targets.every(({ normalization }) => normalization !== undefined);
  for (const target of targets) {
    const twin = present(values.get(target.value), `"${target.name}" is no value of the model`);
    const node = target.normalization?.output(0);
    const rows = rowLayoutOf(twin, target, batchSize, facts);
    const readings =
      node === undefined
        ? measure(twin, target, rows, opset, facts)
        : normalizeWithBatch(
            present(values.get(node)?.producer, `${target.name} is copied`),
            target,
            rows,
            mayPoolFirst,
            opset,
          );
    outputs.push(readings.mean, readings.spread, readings.size);
    gauges.push({
      name: target.name,
      channels: target.channels,
      mean: readings.mean.name,
      spread: readings.spread.name,
      spreadIs: readings.spreadIs,
      size: readings.size.name,
    });
  }
  graph.setOutputs(outputs);
  for (const value of original) if (!value.isGraphOutput) graph.outputInfo.delete(value);
  removeUnread(graph);
  return { model: copy, gauges };
}

/**
 * From this opset on, the training form of BatchNormalization may have float statistics where its input is float16. In
 * opset 14 they are float16, and onnxruntime 1.30 then gives several nodes the same ones.
 */
const TRAINING_FORM = 15;

/**
 * The model and its targets, raised to an opset with such a training form. A model that cannot be raised stays as it
 * is, and its values are measured by reductions, unless a BatchNormalization has to normalize with its batch: then
 * raising throws.
 */
function raised(
  model: Model,
  targets: readonly MeasuredValue[],
): { model: Model; targets: readonly MeasuredValue[] } {
  const matrices = targets.every(({ axis, normalization }) => axis === -1 && normalization === undefined);
  if (matrices || (model.opset() ?? 1) >= TRAINING_FORM) return { model, targets };
  const copy = cloneModel(model);
  try {
    raiseOpset(copy, TRAINING_FORM);
  } catch (error) {
    const needed = targets.some(({ normalization }) => normalization !== undefined);
    if (needed || !(error instanceof NormfoldError) || error.code !== "unsupported") throw error;
    return { model, targets };
  }
  // Raising keeps the names of values, but may replace nodes.
  const values = valuesByName(copy.graph);
  const twin = (value: Value | undefined): Value =>
    present(value && values.get(value.name), `"${value?.name}" keeps its name`);
  return {
    model: copy,
    targets: targets.map((target) => {
      const { normalization, ...rest } = target;
      const moved = { ...rest, value: twin(target.value) };
      if (normalization === undefined) return moved;
      return { ...moved, normalization: present(twin(normalization.output(0)).producer, "a node gives it") };
    }),
  };
}

/** Removes the nodes that no output needs, from the last to the first, and then inputs, which would have to be fed. */
function removeUnread(graph: Graph): void {
  for (let node = graph.last; node !== undefined; ) {
    const { previous } = node;
    if (node.outputs.every((value) => value === null || value.uses.size === 0)) graph.removeNode(node);
    node = previous;
  }
  for (const value of [...graph.initializers]) if (value.uses.size === 0) graph.removeInitializer(value);
  for (const value of graph.inputs) if (value.uses.size === 0) graph.removeInput(value);
}
