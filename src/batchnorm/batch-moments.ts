import { present } from "../base/assert.js";
import type { AttributeInit } from "../ir/attribute.js";
import { Builder } from "../ir/builder.js";
import type { FloatDType } from "../ir/dtype.js";
import { Graph, type Value } from "../ir/graph.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import type { Facts } from "../rules/facts.js";

/** The mean and the variance (divided by the number of elements) of each channel of a batch. */
export interface Moments {
  /** [channels] */
  readonly mean: Value;
  /** [channels] */
  readonly variance: Value;
}

/** Adds a BatchNormalization that gives the batch's own moments, because momentum 0 drops the old ones. */
export function batchMoments(build: Builder, x: Value, channels: number, dtype: FloatDType): Moments {
  const ones = build.constant(tensorFromNumbers(dtype, [channels], new Float64Array(channels).fill(1)));
  // The old statistics must not be NaN, because 0 * NaN is NaN.
  const zeros = build.constant(tensorFromNumbers(dtype, [channels], new Float64Array(channels)));
  const [, mean, variance] = build.ops("BatchNormalization", [x, ones, zeros, zeros, ones], 3, {
    training_mode: 1,
    momentum: { kind: "float", value: 0 },
  });
  return { mean: present(mean, "three outputs"), variance: present(variance, "three outputs") };
}

/** How the elements of one channel of one sample are arranged in rows. */
export interface RowLayout {
  /** The number of rows. */
  readonly count: number;
  /** The elements of a row. */
  readonly length: number;
  /** The number of spatial axes of the map. */
  readonly rank: number;
}

/** With fewer elements than this, BatchNormalization itself is as fast. */
const LARGE = 2 ** 19;
/** Shorter rows cost more overhead than they save; in longer rows the rounding error of the sum grows. */
const [SHORTEST, LONGEST] = [128, 2048];

/**
 * Chooses rows for a float value of [N, channels, ...]; undefined where it is small, its sizes are not known, or no
 * length of a row divides them.
 */
export function rowLayoutOf(
  value: Value,
  { axis, channels, dtype }: { readonly axis: 1 | -1; readonly channels: number; readonly dtype: FloatDType },
  batchSize: number,
  facts: Facts,
): RowLayout | undefined {
  if (axis !== 1 || dtype !== "float") return undefined;
  const plane = facts.shape(value)?.slice(2) ?? [];
  let size = 1;
  for (const dim of plane) {
    if (typeof dim !== "number") return undefined;
    size *= dim;
  }
  if (plane.length === 0 || size * channels * batchSize < LARGE) return undefined;
  for (let length = Math.min(size, LONGEST); length >= SHORTEST; length--) {
    if (size % length === 0) return { count: size / length, length, rank: plane.length };
  }
  return undefined;
}

/** The moments of a large feature map, in float. */
export interface MapMoments extends Moments {
  /** [1, channels, 1, ...] */
  readonly mean: Value;
  /** [channels] */
  readonly variance: Value;
  /** The number of elements of the map, int64. */
  readonly size: Value;
}

/**
 * Adds the moments of a large feature map and its distance from the mean, from opset 14 on: two passes, as in
 * BatchNormalization. In training form onnxruntime's works on one thread, while means, differences and products of
 * matrices use all of them.
 */
export function centre(
  build: Builder,
  x: Value,
  rows: RowLayout,
  opset: number,
): MapMoments & { readonly distance: Value } {
  const { mean } = meanOf(build, x, rows, opset);
  const distance = build.op("Sub", [x, mean]);
  return { mean, distance, ...meanSquare(build, distance, rows, opset) };
}

/** E[x^2] - E[x]^2 keeps the variance's digits as long as the squared mean is at most this multiple of the variance. */
const SHARP = 2;

/**
 * The same moments where the distance is not needed: one pass, and a second only for batches whose mean is too far from 0 for
 * the difference of two moments. The graph decides, because batches differ.
 */
export function mapMoments(build: Builder, x: Value, rows: RowLayout, opset: number): MapMoments {
  const { mean, vector } = meanOf(build, x, rows, opset);
  const raw = meanSquare(build, x, rows, opset);
  const square = build.op("Mul", [vector, vector]);
  const difference = build.op("Sub", [raw.variance, square]);
  // A comparison with NaN is false, so that NaN takes the second pass, and stays NaN there.
  const limit = build.op("Mul", [difference, build.scalar(SHARP, "float")]);
  const sharp = build.op("Cast", [build.op("LessOrEqual", [square, limit])], { to: FLOAT });
  const isSharp = build.op("Cast", [build.op("ReduceMin", [sharp], { keepdims: 0 })], { to: BOOL });
  const branch = (name: string, fill: (inner: Builder) => Value): AttributeInit => {
    const graph = new Graph(name, build.graph);
    graph.addOutput(fill(new Builder(graph, { prefix: build.prefix })));
    return { kind: "graph", value: graph };
  };
  const variance = build.op("If", [isSharp], {
    then_branch: branch("sharp", (inner) => inner.op("Identity", [difference])),
    else_branch: branch("blurred", (inner) => {
      const distance = inner.op("Sub", [x, mean]);
      return meanSquare(inner, distance, rows, opset).variance;
    }),
  });
  return { mean, variance, size: raw.size };
}

/**
 * Averages each row first: onnxruntime adds numbers one after the other, so the mean of a million would lose three digits.
 */
function meanOf(
  build: Builder,
  x: Value,
  rows: RowLayout,
  opset: number,
): { readonly mean: Value; readonly vector: Value } {
  const perRow = average(build, rowsIn(build, x, rows), [4], opset);
  const vector = average(build, perRow, [0, 2, 3], opset);
  const spatial = Array.from({ length: rows.rank }, () => 1);
  return { mean: build.op("Reshape", [vector, build.ints([1, -1, ...spatial])]), vector };
}

/** [N, channels, rows, 1, length]. */
function rowsIn(build: Builder, x: Value, { count, length }: RowLayout): Value {
  return build.op("Reshape", [x, build.ints([0, 0, count, 1, length])]);
}

/**
 * The mean square of each channel; for distances from the mean this is the variance. A row times itself is its sum of squares.
 */
function meanSquare(
  build: Builder,
  x: Value,
  rows: RowLayout,
  opset: number,
): Pick<MapMoments, "variance" | "size"> {
  const { length } = rows;
  const row = rowsIn(build, x, rows);
  const squares = build.op("MatMul", [row, build.op("Transpose", [row], { perm: [0, 1, 2, 4, 3] })]);
  const perRow = average(build, squares, [0, 2, 3, 4], opset);
  return {
    variance: build.op("Mul", [perRow, build.scalar(1 / length, "float")]),
    size: build.op("Mul", [build.op("Size", [squares]), build.int(length)]),
  };
}

const [FLOAT, BOOL] = [1, 9];

/**
 * Normalizes distances from the mean by a Conv with one tap a channel, because that uses all threads and onnxruntime
 * fuses the activation or the sum that follows into it.
 */
export function normalizeDistance(
  build: Builder,
  distance: Value,
  variance: Value,
  { scale, bias, epsilon }: { readonly scale: Value; readonly bias: Value; readonly epsilon: number },
  { channels, rank }: { readonly channels: number; readonly rank: number },
): Value {
  const deviation = build.op("Sqrt", [build.op("Add", [variance, build.scalar(epsilon, "float")])]);
  const slope = build.op("Div", [scale, deviation]);
  const taps = build.ints([channels, 1, ...Array.from({ length: rank }, () => 1)]);
  return build.op("Conv", [distance, build.op("Reshape", [slope, taps]), bias], { group: channels });
}

function average(build: Builder, x: Value, axes: readonly number[], opset: number): Value {
  return opset >= 18
    ? build.op("ReduceMean", [x, build.ints(axes)], { keepdims: 0 })
    : build.op("ReduceMean", [x], { axes, keepdims: 0 });
}
