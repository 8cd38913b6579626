import { present } from "../base/assert.js";
import type { Builder } from "../ir/builder.js";
import type { FloatDType } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import type { Facts } from "../ops/facts.js";

/** The mean and the variance (divided by the number of elements) of each channel of a batch. */
export interface Moments {
  readonly mean: Value;
  readonly variance: Value;
}

/** BatchNormalization that hands out the batch's own moments, [channels]: momentum 0 forgets the old ones. */
export function batchMoments(build: Builder, x: Value, channels: number, dtype: FloatDType): Moments {
  const ones = build.constant(tensorFromNumbers(dtype, [channels], new Float64Array(channels).fill(1)));
  // Old statistics that are NaN would stay so: 0 * NaN is NaN.
  const zeros = build.constant(tensorFromNumbers(dtype, [channels], new Float64Array(channels)));
  const [, mean, variance] = build.ops("BatchNormalization", [x, ones, zeros, zeros, ones], 3, {
    training_mode: 1,
    momentum: { kind: "float", value: 0 },
  });
  return { mean: present(mean, "three outputs"), variance: present(variance, "three outputs") };
}

/** How the elements of one channel of one sample are laid in rows, and over how many axes they were. */
export interface Rows {
  readonly count: number;
  readonly length: number;
  readonly rank: number;
}

/** With fewer elements than this, BatchNormalization itself takes no longer. */
const LARGE = 2 ** 19;
/** Shorter rows cost more than they sum, and the error of a sum grows with longer ones. */
const [SHORTEST, LONGEST] = [128, 2048];

/** The rows of a value [N, channels, ...] in float; undefined where it is small, its sizes are not known, or no row divides them. */
export function rowsOf(
  value: Value,
  { axis, channels, dtype }: { readonly axis: 1 | -1; readonly channels: number; readonly dtype: FloatDType },
  batchSize: number,
  facts: Facts,
): Rows | undefined {
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

/** A large feature map with its moments, in float, from opset 14 on. */
export interface Centred {
  /** [channels] */
  readonly variance: Value;
  /** [1, channels, 1, ...] */
  readonly mean: Value;
  /** x - mean, in the memory of x where nothing else reads it. */
  readonly distance: Value;
  /** The number of elements of x. */
  readonly size: Value;
}

/**
 * The moments of a large feature map in two passes: onnxruntime's BatchNormalization works on one thread when it trains, while means,
 * differences and products of matrices use them all. A row's product with itself is its sum of squares.
 */
export function centre(build: Builder, x: Value, { count, length, rank }: Rows, opset: number): Centred {
  const spatial = Array.from({ length: rank }, (_, axis) => axis + 2);
  const mean = average(build, x, [0, ...spatial], true, opset);
  const distance = build.op("Sub", [x, mean]);
  const row = build.op("Reshape", [distance, build.ints([0, 0, count, 1, length])]);
  const squares = build.op("MatMul", [row, build.op("Transpose", [row], { perm: [0, 1, 2, 4, 3] })]);
  const perRow = average(build, squares, [0, 2, 3, 4], false, opset);
  const variance = build.op("Mul", [perRow, build.scalar(1 / length, "float")]);
  return {
    mean,
    distance,
    variance,
    size: build.op("Mul", [build.op("Size", [squares]), build.int(length)]),
  };
}

/**
 * What a normalization makes of distances from the mean: a Conv with one tap a channel, which all threads work on and into which
 * onnxruntime takes the activation or the sum that follows.
 */
export function normalize(
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

function average(build: Builder, x: Value, axes: readonly number[], keep: boolean, opset: number): Value {
  const keepdims = keep ? 1 : 0;
  return opset >= 18
    ? build.op("ReduceMean", [x, build.ints(axes)], { keepdims })
    : build.op("ReduceMean", [x], { axes, keepdims });
}
