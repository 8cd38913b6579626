import { createFacts } from "../analysis/fact-table.js";
import { present } from "../base/assert.js";
import { NormfoldError } from "../base/errors.js";
import { Builder } from "../ir/builder.js";
import { cloneModel, type ValueMap } from "../ir/clone.js";
import type { FloatDType } from "../ir/dtype.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import { tensorType } from "../ir/type.js";
import { valuesByName } from "../ir/values-by-name.js";
import { standardOperator } from "../ops/catalogue.js";
import { raiseOpset } from "../opset/index.js";
import type { Facts } from "../rules/facts.js";
import {
  batchMoments,
  centre,
  type MapMoments,
  mapMoments,
  normalizeDistance,
  type RowLayout,
  rowLayoutOf,
} from "./batch-moments.js";
import { removeDropout } from "./dropout.js";
import { errors } from "./errors.js";
import { nodeBehind } from "./neighbours.js";
import { makeRising, poolBefore, poolBehind } from "./pool-first.js";

/** A value of a model whose channels are measured. */
export interface MeasuredValue {
  /** Names it in reports and errors. */
  readonly name: string;
  /** The value to measure. */
  readonly value: Value;
  /** The axis of the channels: 1, or -1 for the last. */
  readonly axis: 1 | -1;
  /** The size of `value` along `axis`. */
  readonly channels: number;
  /** The type of `value`. */
  readonly dtype: FloatDType;
  /** A BatchNormalization that normalizes with the batch's statistics while `value`, its input, is measured. */
  readonly normalization?: Node;
}

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
  /** In the order of the measured values. */
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
  // Pooling first removes the map in full size, which a measured value that is no normalization's input may need.
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

interface Readings {
  readonly mean: Value;
  readonly spread: Value;
  readonly spreadIs: Gauge["spreadIs"];
  readonly size: Value;
}

function measure(
  value: Value,
  target: MeasuredValue,
  byRows: RowLayout | undefined,
  opset: number,
  facts: Facts,
): Readings {
  const { graph } = value;
  const rank = facts.rank(value);
  const build = new Builder(graph, { before: nodeBehind(value), prefix: `${target.name}_measure_` });
  const dtype = target.dtype === "double" ? "double" : "float";
  const wide = target.dtype === dtype ? value : build.op("Cast", [value], { to: 1 });
  const rows = target.axis === -1 && rank !== 2;
  const x = rows ? build.op("Reshape", [wide, build.ints([-1, target.channels])]) : wide;
  const matrix = rows || rank === 2;
  if (byRows !== undefined && opset >= 14) {
    return mapReadings(mapMoments(build, x, byRows, opset));
  }
  const size = declared(build.op("Size", [x]), "int64", []);
  if (!matrix && opset >= 14) {
    const { mean, variance } = batchMoments(build, x, target.channels, dtype);
    return { ...declaredPair(mean, variance, dtype), spreadIs: "variance", size };
  }
  if (!matrix && rank === undefined) {
    throw errors.measuredRankIsUnknown().at({ element: target.name });
  }
  const axes = Array.from({ length: matrix ? 2 : (rank ?? 2) }, (_, axis) => axis).filter(
    (axis) => axis !== 1,
  );
  const reduce = (opType: StandardOperator, input: Value): Value =>
    opset >= 18 ? build.op(opType, [input, build.ints(axes)]) : build.op(opType, [input], { axes });
  const mean = reduce("ReduceMean", x);
  const spread = reduce("ReduceSumSquare", build.op("Sub", [x, mean]));
  return { ...declaredPair(mean, spread, dtype), spreadIs: "squares", size };
}

/** The node itself in training form with momentum 0, so that what follows sees batches normalized by themselves. */
function normalizeWithBatch(
  node: Node,
  target: MeasuredValue,
  rows: RowLayout | undefined,
  mayPoolFirst: boolean,
  opset: number,
): Readings {
  const graph = present(node.graph, "the node is in a graph");
  const { channels } = target;
  const [x, scale, bias] = [node.input(0), node.input(1), node.input(2)];
  const build = new Builder(graph, { before: node, prefix: `${target.name}_measure_` });
  if (rows !== undefined) return normalizeByRows(build, node, target, rows, mayPoolFirst, opset);
  // onnxruntime has kernels for these types of statistics alone, though the specification allows any.
  const dtype = target.dtype === "double" ? "double" : "float";
  const vector = (value: number): Value =>
    build.constant(tensorFromNumbers(dtype, [channels], new Float64Array(channels).fill(value)));
  const [output, mean, spread] = build.ops(
    "BatchNormalization",
    [x ?? null, scale ?? null, bias ?? null, vector(0), vector(1)],
    3,
    {
      training_mode: 1,
      momentum: { kind: "float", value: 0 },
      epsilon: { kind: "float", value: node.float("epsilon", Math.fround(1e-5)) },
    },
  );
  const size = declared(build.op("Size", [present(x, "checked by the caller")]), "int64", []);
  const old = node.output(0);
  if (old !== undefined && old.uses.size > 0) graph.replaceUses(old, present(output, "three outputs"));
  return { ...declaredPair(mean, spread, dtype), spreadIs: "variance", size };
}

/** The same in two passes that use all threads, and behind a MaxPool where one follows. */
function normalizeByRows(
  build: Builder,
  node: Node,
  { channels, name }: MeasuredValue,
  rows: RowLayout,
  mayPoolFirst: boolean,
  opset: number,
): Readings {
  const part = (value: Value | undefined): Value => present(value, `${name} has its inputs and an output`);
  const [x, scale, bias, old] = [
    part(node.input(0)),
    part(node.input(1)),
    part(node.input(2)),
    part(node.output(0)),
  ];
  const epsilon = node.float("epsilon", Math.fround(1e-5));
  const behind = mayPoolFirst ? poolBehind(old) : undefined;
  const rising = behind && makeRising(build, x, scale);
  const sizes = { channels, rank: rows.rank };
  if (behind === undefined || rising === undefined) {
    const centred = centre(build, x, rows, opset);
    const { distance, variance } = centred;
    build.graph.replaceUses(
      old,
      normalizeDistance(build, distance, variance, { scale, bias, epsilon }, sizes),
    );
    return mapReadings(centred);
  }
  const moments = mapMoments(build, x, rows, opset);
  const { mean, variance } = moments;
  const pooled = build.op("Sub", [poolBefore(build, x, behind), mean]);
  const normalized = normalizeDistance(
    build,
    pooled,
    variance,
    { scale: rising.scale, bias, epsilon },
    sizes,
  );
  const { activation, pool } = behind;
  const operator = activation && standardOperator(activation);
  const result =
    operator === undefined
      ? normalized
      : build.op(operator, [normalized], Object.fromEntries(activation?.attributes ?? []));
  build.graph.replaceUses(present(pool.output(0), "a MaxPool has an output"), result);
  const own = rising.signs === undefined ? mean : build.op("Mul", [mean, rising.signs]);
  return mapReadings({ ...moments, mean: own });
}

function mapReadings({ mean, variance, size }: MapMoments): Readings {
  return {
    ...declaredPair(mean, variance, "float"),
    spreadIs: "variance",
    size: declared(size, "int64", []),
  };
}

function declaredPair(
  mean: Value | undefined,
  spread: Value | undefined,
  dtype: FloatDType,
): { readonly mean: Value; readonly spread: Value } {
  return {
    mean: declared(present(mean, "a mean is measured"), dtype),
    spread: declared(present(spread, "a spread is measured"), dtype),
  };
}

function declared(value: Value, dtype: FloatDType | "int64", shape?: readonly number[]): Value {
  value.info = { name: value.name, type: tensorType(dtype, shape) };
  return value;
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
