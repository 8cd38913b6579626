import type { Value } from "../../ir/graph.js";
import type { GradientContext } from "../../rules/gradient/rule.js";
import { range } from "../../rules/gradient/sizes.js";
import { reshapeLike } from "../../rules/gradient/support.js";
import { copiesOf, joined, rowsOf, type Side, type Sizes, stackOf } from "./gradient-copies.js";
import type { PaddedWindow, WeightGradient } from "./gradient-window.js";

/** Both operands of the products, for a window with strides of 1. */
interface Shifts {
  readonly g: Side;
  readonly x: Side;
  /** The spatial sizes of all copies. */
  readonly shared: Sizes;
}

/** A tensor whose sizes are known except for the batch. */
type Sized = Omit<Side, "shifts">;

/** A window over x, and the gradient g of its outputs. */
export interface SizedWindow {
  readonly g: Sized;
  readonly x: Sized;
  readonly window: PaddedWindow;
}

/** Undefined where sizes are not known. */
export function sizedWindow(
  c: GradientContext,
  { x, g, weight, window }: WeightGradient,
): SizedWindow | undefined {
  const [outputs, channels] = c.facts.shape(weight) ?? [];
  const [from, to] = [spatialSizes(c, x), spatialSizes(c, g)];
  if (typeof channels !== "number" || typeof outputs !== "number" || !from || !to) return undefined;
  return { g: { value: g, channels: outputs, sizes: to }, x: { value: x, channels, sizes: from }, window };
}

function spatialSizes({ facts }: GradientContext, value: Value): Sizes | undefined {
  const sizes = facts.shape(value)?.slice(2);
  const known = sizes?.filter((size) => typeof size === "number");
  return known?.length === sizes?.length ? known : undefined;
}

/**
 * dW with strides of 1 and no groups. Copies of g are moved by the taps of the leading axes, and copies of x by the taps of the
 * other axes:
 *
 *   dW[m, c, i, j] = the sum over n, r, q of g[n, m, r - i + begin, q] * x[n, c, r, q + j - begin]
 *
 * A kernel of k x k needs 2 k copies instead of k^2, and k products of matrices.
 */
export function byShifts(c: GradientContext, { g, x, window }: SizedWindow, weight: Value): Value {
  return reshapeLike(c, products(c, shiftsOf(g, x, window)), weight);
}

/** True when x can be cut into blocks of the size of the strides, along two axes. */
export function hasBlocks({ x, window: { strides } }: SizedWindow): boolean {
  const [size = 1] = strides;
  return (
    strides.length === 2 &&
    strides.every((stride) => stride === size) &&
    x.sizes.every((places) => places % size === 0)
  );
}

/**
 * dW with strides of s: strides of s over [N, C, H, W] are strides of 1 over blocks, [N, s s C, H / s, W / s], where tap t reads
 * place t * dilation - begin = s * block + rest. The kernel over blocks has more taps, which are cut off at the end.
 */
export function byBlocks(c: GradientContext, { g, x, window }: SizedWindow, weight: Value): Value {
  const { build } = c;
  const { kernel, strides, dilations, begin } = window;
  const [size = 1] = strides;
  const blocks: Sized = {
    value: build.op("SpaceToDepth", [x.value], { blocksize: BigInt(size) }),
    channels: x.channels * size * size,
    sizes: x.sizes.map((places) => places / size),
  };
  const first = begin.map((pad) => Math.floor(-pad / size));
  const taps = kernel.map((count, axis) => {
    const last = (count - 1) * (dilations[axis] ?? 1) - (begin[axis] ?? 0);
    return Math.floor(last / size) - (first[axis] ?? 0) + 1;
  });
  const over = { kernel: taps, dilations: taps.map(() => 1), begin: first.map((block) => -block) };
  const [height = 1, width = 1] = taps;
  const product = products(c, shiftsOf(g, blocks, over));
  const parts = build.op("Reshape", [
    product,
    build.ints([g.channels, size, size, x.channels, height, width]),
  ]);
  const inOrder = build.op("Transpose", [parts], { perm: [0, 3, 4, 1, 5, 2] });
  const whole = build.op("Reshape", [
    inOrder,
    build.ints([g.channels, x.channels, height * size, width * size]),
  ]);
  const starts = first.map((block, axis) => -size * block - (begin[axis] ?? 0));
  const ends = starts.map((start, axis) => start + ((kernel[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1);
  const read = build.op("Slice", [
    whole,
    build.ints(starts),
    build.ints(ends),
    build.ints([2, 3]),
    build.ints(dilations),
  ]);
  return reshapeLike(c, read, weight);
}

function shiftsOf(g: Sized, x: Sized, window: Pick<PaddedWindow, "kernel" | "dilations" | "begin">): Shifts {
  const rank = window.kernel.length;
  const leading = Math.floor(rank / 2);
  const ofG = tapShifts(window, (axis) => axis < leading);
  const ofX = tapShifts(window, (axis) => axis >= leading).map((shift) => shift.map((places) => -places));
  const shared = range(rank).map((axis) => (axis < leading ? x : g).sizes[axis] ?? 0);
  return { g: { ...g, shifts: ofG }, x: { ...x, shifts: ofX }, shared };
}

/** The distance from the place that a tap writes to the place that it reads, for all taps of some axes, the last axis fastest. */
function tapShifts(
  { kernel, dilations, begin }: Pick<PaddedWindow, "kernel" | "dilations" | "begin">,
  isChosen: (axis: number) => boolean,
): Sizes[] {
  return kernel.reduce<number[][]>(
    (shifts, size, axis) => {
      const taps = isChosen(axis)
        ? range(size).map((tap) => tap * (dilations[axis] ?? 1) - (begin[axis] ?? 0))
        : [0];
      return shifts.flatMap((shift) => taps.map((places) => [...shift, places]));
    },
    [[]],
  );
}

/** [outputs, channels, taps of the leading axes, taps of the others]. */
function products(c: GradientContext, { g, x, shared }: Shifts): Value {
  const { build } = c;
  const places = shared.reduce((product, size) => product * size, 1);
  const results = g.shifts.length * x.shifts.length * g.channels * x.channels;
  // One product for each image needs no transpositions, but its results have to be added up.
  const isByImage = results < (g.channels + x.channels) * places;
  const product = (a: Value, b: Value): Value => {
    if (!isByImage) return build.op("Gemm", [a, b], { transB: 1n });
    const images = build.op("MatMul", [a, build.op("Transpose", [b], { perm: [0, 2, 1] })]);
    return build.op("ReduceSum", [images, build.ints([0])], { keepdims: 0n });
  };
  // The operand with fewer channels gets the copies: less to copy, and wider products.
  const isXStacked = x.channels < g.channels;
  const [stacked, single] = isXStacked ? [x, g] : [g, x];
  const { value, order } = stackOf(c, stacked, shared, isByImage);
  const rows = [0, 0];
  rows[order.copy] = stacked.shifts.length;
  rows[order.channel] = stacked.channels;
  const sizes = build.ints([...rows, single.channels, 1]);
  const parts = copiesOf(c, single, shared, isByImage).map((copy) =>
    build.op("Reshape", [product(value, rowsOf(c, copy, shared, isByImage)), sizes]),
  );
  const { channel, copy } = order;
  const perm = isXStacked ? [2, channel, 3, copy] : [channel, 2, copy, 3];
  return build.op("Transpose", [joined(c, parts, 3)], { perm });
}
