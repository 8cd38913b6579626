import { present } from "../base/assert.js";
import { Builder } from "../ir/builder.js";
import type { FloatDType } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import { tensorType } from "../ir/type.js";
import { standardOperator } from "../ops/catalogue.js";
import type { Facts } from "../rules/facts.js";
import {
  batchMoments,
  centre,
  type MapMoments,
  mapMoments,
  normalizeDistance,
  type RowLayout,
} from "./batch-moments.js";
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

/** The values that hold the measurements of one value. */
export interface Readings {
  /** The mean of each channel. */
  readonly mean: Value;
  /** The biased variance of each channel, or the sum of squared distances from the mean. */
  readonly spread: Value;
  /** Which of the two `spread` is. */
  readonly spreadIs: "variance" | "squares";
  /** The number of elements of the value. */
  readonly size: Value;
}

/** Adds the nodes that measure a value, right behind it. Throws "unsupported" where its rank is needed and not known. */
export function measure(
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

/**
 * Measures the input of a BatchNormalization and normalizes it by these statistics: the node in training form with
 * momentum 0.
 */
export function normalizeWithBatch(
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
