import type { Value } from "../../ir/graph.js";
import type { GradientContext } from "../../rules/gradient/rule.js";
import { joinSizes, range, sizeParts, sizesOf } from "../../rules/gradient/sizes.js";
import { reshapeLike } from "../../rules/gradient/support.js";
import { byBlocks, byShifts, hasBlocks, sizedWindow } from "./gradient-shift.js";
import { padSpatial, type WeightGradient } from "./gradient-window.js";

/**
 * The fastest form: milliseconds for 32 images on one thread of onnxruntime 1.30, with a kernel of 3 x 3 unless another is
 * named.
 *
 *   channels, places           taps  convolution  shifts
 *   16 -> 16, 32 x 32           6.2          6.4     2.5
 *   32 -> 32, 16 x 16           3.3          3.8     1.8
 *   64 -> 64, 8 x 8             2.6          3.1     1.5
 *   3 -> 16, 32 x 32            1.6          1.6     1.2
 *   16 -> 16, 32 x 32, 5 x 5      -         14.6     6.2
 *
 *   with strides of 2          taps  convolution  blocks
 *   16 -> 32, 32 x 32           3.8            -     2.1
 *   32 -> 64, 16 x 16           2.2            -     1.9
 *   64 -> 128, 14 x 14          4.2            -     4.6
 *   4 -> 8, 32 x 32               -          0.6     0.3
 *   3 -> 64, 64 x 64, 7 x 7       -          8.6    11.6
 */
const SHIFTS = { leastChannels: 3 };
const BLOCKS = { leastChannels: 4, mostChannels: 32 };
const TAPS = { leastChannels: 16, largestKernel: 3 };

/** dW[m, c, tap] = the sum over images and places p of g[n, m, p] * x[n, c, stride * p + dilation * tap - begin]. */
export function weightGradient(c: GradientContext, of: WeightGradient): Value {
  const { window, weight, group } = of;
  if (group !== 1) return byConvolution(c, of);
  const isPadded = [...window.begin, ...window.end].some((pad) => pad !== 0);
  if (window.kernel.every((size) => size === 1) && !isPadded) return pointwise(c, of);
  const sized = sizedWindow(c, of);
  if (sized !== undefined) {
    const [inputs, outputs] = [sized.x.channels, sized.g.channels];
    const isDense = window.strides.every((stride) => stride === 1);
    if (isDense && Math.min(inputs, outputs) >= SHIFTS.leastChannels) return byShifts(c, sized, weight);
    const isBetween = inputs >= BLOCKS.leastChannels && inputs <= BLOCKS.mostChannels;
    if (!isDense && isBetween && hasBlocks(sized)) return byBlocks(c, sized, weight);
  }
  const channels = c.facts.shape(weight)?.[1];
  const isSmall = window.kernel.every((size) => size <= TAPS.largestKernel);
  const hasMany = typeof channels === "number" && channels >= TAPS.leastChannels;
  return isSmall && hasMany ? byTaps(c, of) : byConvolution(c, of);
}

/** [C, all images and places] of [N, C, places]. */
function channelRows({ build }: GradientContext, value: Value, rank: number): Value {
  const rows = build.op("Transpose", [value], { perm: [1, 0, ...range(rank).slice(2)] });
  return build.op("Flatten", [rows], { axis: 1n });
}

function pointwise(c: GradientContext, { x, g, weight, window }: WeightGradient): Value {
  const { build } = c;
  const { strides } = window;
  const rank = strides.length + 2;
  let places = x;
  if (strides.some((stride) => stride !== 1)) {
    const ends = build.ints(strides.map(() => Number.MAX_SAFE_INTEGER));
    const axes = build.ints(strides.map((_, axis) => axis + 2));
    places = build.op("Slice", [x, build.ints(strides.map(() => 0)), ends, axes, build.ints(strides)]);
  }
  const product = build.op("Gemm", [channelRows(c, g, rank), channelRows(c, places, rank)], { transB: 1n });
  return reshapeLike(c, product, weight);
}

/** The elements that each tap of the kernel reads, as rows of one matrix. */
function byTaps(c: GradientContext, { x, g, weight, window }: WeightGradient): Value {
  const { build } = c;
  const { kernel, strides, dilations, begin, end } = window;
  const rank = kernel.length + 2;
  const axes = build.ints(kernel.map((_, axis) => axis + 2));
  const steps = build.ints(strides);
  const padded = padSpatial(c, x, begin, end);
  const channelsFirst = build.op("Transpose", [padded], { perm: [1, 0, ...range(rank).slice(2)] });
  const places = c.facts.shape(g)?.slice(2);
  const counts = places?.filter((size) => typeof size === "number");
  const isKnown = counts !== undefined && counts.length === kernel.length;
  const last = isKnown
    ? undefined
    : build.op("Mul", [build.op("Sub", [sizesOf(c, g, 2), build.int(1)]), steps]);
  const rows = tapsOf(kernel).map((tap) => {
    const from = tap.map((index, axis) => index * (dilations[axis] ?? 1));
    const after = from.map((start, axis) => start + ((counts?.[axis] ?? 1) - 1) * (strides[axis] ?? 1) + 1);
    const ends =
      last === undefined
        ? build.ints(after)
        : build.op("Add", [last, build.ints(from.map((start) => start + 1))]);
    const read = build.op("Slice", [channelsFirst, build.ints(from), ends, axes, steps]);
    return build.op("Flatten", [read], { axis: 1n });
  });
  const matrix = build.op("Concat", rows, { axis: 0n });
  const product = build.op("Gemm", [channelRows(c, g, rank), matrix], { transB: 1n });
  const split = build.op("Reshape", [product, build.ints([0, rows.length, -1])]);
  return reshapeLike(c, build.op("Transpose", [split], { perm: [0, 2, 1] }), weight);
}

/** All taps of a kernel, the last axis fastest. */
function tapsOf(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (taps, size) => taps.flatMap((tap) => range(size).map((index) => [...tap, index])),
    [[]],
  );
}

/**
 * A convolution whose channels are the images and whose kernel is g. Its dilations are the strides of the forward window,
 * and its strides are the dilations.
 */
function byConvolution(c: GradientContext, of: WeightGradient): Value {
  const { x, g, weight, window, group, rest } = of;
  const { build } = c;
  const { kernel, strides, dilations, begin, end } = window;
  const rank = kernel.length + 2;
  const spatial = range(rank).slice(2);
  let images: Value;
  if (group === 1) {
    images = build.op("Transpose", [x], { perm: [1, 0, ...spatial] });
  } else {
    const channels = sizeParts(c, weight, 1, 2);
    const places = sizeParts(c, x, 2, rank);
    const grouped = build.op("Reshape", [x, joinSizes(c, [0, group, ...channels, ...places])]);
    const turned = build.op("Transpose", [grouped], { perm: [2, 1, 0, ...spatial.map((axis) => axis + 1)] });
    images = build.op("Reshape", [turned, joinSizes(c, [...channels, -1, ...places])]);
  }
  const kernels = build.op("Transpose", [g], { perm: [1, 0, ...spatial] });
  let product = build.op("Conv", [images, kernels], {
    group: BigInt(group),
    strides: dilations,
    dilations: strides,
    pads: [...begin, ...end],
  });
  // Elements that no forward window reaches may give one more tap here.
  const hasMore = kernel.some((_, axis) => {
    const most = rest?.[axis] ?? (strides[axis] ?? 1) - 1;
    return most >= (dilations[axis] ?? 1);
  });
  if (hasMore) {
    const starts = build.ints(kernel.map(() => 0));
    product = build.op("Slice", [product, starts, build.ints(kernel), build.ints(spatial)]);
  }
  return build.op("Transpose", [product], { perm: [1, 0, ...spatial] });
}
