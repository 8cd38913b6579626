import type { Value } from "../../ir/graph.js";
import type { GradientContext } from "../gradient-rule.js";
import { range } from "../gradient-shape.js";
import { reshapeLike } from "../gradient-support.js";
import type { WeightGradient } from "./gradient-weight.js";
import type { PaddedWindow } from "./gradient-window.js";

type Sizes = readonly number[];

/** What one side of the product is made of: copies of a tensor, moved along the spatial axes. */
interface Copies {
  readonly value: Value;
  readonly channels: number;
  /** Its spatial sizes. */
  readonly sizes: Sizes;
  /** By copy: how far it is moved along each axis. */
  readonly shifts: readonly Sizes[];
}

/**
 * dW of a window with strides of 1, without a copy of x for each tap: taps along the leading axes move g, those along the
 * others x.
 *
 *   dW[m, c, i, j] = the sum over n, r, q of g[n, m, r - i + begin, q] * x[n, c, r, q + j - begin]
 *
 * A kernel of k x k takes 2 k copies in the place of k^2, and k products of matrices. Undefined where it does not apply:
 * with strides or groups, with few channels, or where sizes are not known or no larger than a shift.
 */
export function byShifts(
  c: GradientContext,
  { x, g, weight, window, group }: WeightGradient,
): Value | undefined {
  const [outputs, channels] = c.facts.shape(weight) ?? [];
  const [from, to] = [spatialSizes(c, x), spatialSizes(c, g)];
  if (typeof channels !== "number" || typeof outputs !== "number" || !from || !to) return undefined;
  if (group !== 1 || window.strides.some((stride) => stride !== 1)) return undefined;
  if (Math.min(channels, outputs) < FEWEST_CHANNELS) return undefined;
  const { kernel } = window;
  const leading = Math.floor(kernel.length / 2);
  const isLeading = (axis: number): boolean => axis < leading;
  const ofG: Copies = {
    value: g,
    channels: outputs,
    sizes: to,
    shifts: tapShifts(window, isLeading),
  };
  const ofX: Copies = {
    value: x,
    channels,
    sizes: from,
    shifts: tapShifts(window, (axis) => !isLeading(axis)).map((shift) => shift.map((places) => -places)),
  };
  const shared = kernel.map((_, axis) => (isLeading(axis) ? from[axis] : to[axis]) ?? 0);
  if (![ofG, ofX].every((copies) => isWithin(copies, shared))) return undefined;
  return products(c, ofG, ofX, shared, weight);
}

/** With fewer channels than this a convolution with a kernel as large as g is as fast. */
const FEWEST_CHANNELS = 3;

function products(c: GradientContext, ofG: Copies, ofX: Copies, shared: Sizes, weight: Value): Value {
  const { build } = c;
  const places = shared.reduce((product, size) => product * size, 1);
  const taps = ofG.shifts.length * ofX.shifts.length;
  // A product for each image spares the transposition, but leaves as many results to add up.
  const isByImage = taps * ofG.channels * ofX.channels < (ofG.channels + ofX.channels) * places;
  const perm = [1, 0, ...range(shared.length).map((axis) => axis + 2)];
  const copiesOf = ({ value, sizes, shifts }: Copies): Value[] => {
    const ordered = isByImage ? value : build.op("Transpose", [value], { perm });
    return shifts.map((shift) => shifted(c, ordered, shift, sizes, shared));
  };
  const rowsOf = (value: Value): Value =>
    isByImage
      ? build.op("Reshape", [value, build.ints([0, -1, places])])
      : build.op("Flatten", [value], { axis: 1n });
  const product = (a: Value, b: Value): Value => {
    if (!isByImage) return build.op("Gemm", [a, b], { transB: 1n });
    const images = build.op("MatMul", [a, build.op("Transpose", [b], { perm: [0, 2, 1] })]);
    return build.op("ReduceSum", [images, build.ints([0])], { keepdims: 0n });
  };
  // The narrower side is stacked: less to copy, and the products are as wide as they can be.
  const isXStacked = ofX.channels < ofG.channels;
  const [stacked, single] = isXStacked ? [ofX, ofG] : [ofG, ofX];
  const stack = rowsOf(joined(c, copiesOf(stacked), isByImage ? 1 : 0));
  const sizes = build.ints([stacked.shifts.length, stacked.channels, single.channels, 1]);
  const parts = copiesOf(single).map((copy) => build.op("Reshape", [product(stack, rowsOf(copy)), sizes]));
  const turned = build.op("Transpose", [joined(c, parts, 3)], {
    perm: isXStacked ? [2, 1, 3, 0] : [1, 2, 0, 3],
  });
  return reshapeLike(c, turned, weight);
}

function joined({ build }: GradientContext, parts: readonly Value[], axis: number): Value {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : build.op("Concat", parts, { axis: BigInt(axis) });
}

function spatialSizes({ facts }: GradientContext, value: Value): Sizes | undefined {
  const sizes = facts.shape(value)?.slice(2);
  const known = sizes?.filter((size) => typeof size === "number");
  return known?.length === sizes?.length ? known : undefined;
}

/** How far each tap of the chosen axes reads from the place it writes to, the last axis fastest. */
function tapShifts({ kernel, dilations, begin }: PaddedWindow, isChosen: (axis: number) => boolean): Sizes[] {
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

/** Whether something is left of every copy: runtimes do not agree on what cutting off more than there is gives. */
function isWithin({ sizes, shifts }: Copies, shared: Sizes): boolean {
  return shifts.every((shift) =>
    shift.every((places, axis) => {
      const [size, wanted] = [sizes[axis] ?? 0, shared[axis] ?? 0];
      return size + places > 0 && wanted > places && wanted > 0;
    }),
  );
}

/** The value moved along its spatial axes, with zeros where nothing comes from, cut to the sizes that both sides share. */
function shifted({ build }: GradientContext, value: Value, shift: Sizes, sizes: Sizes, shared: Sizes): Value {
  const after = shared.map((wanted, axis) => wanted - (sizes[axis] ?? 0) - (shift[axis] ?? 0));
  if ([...shift, ...after].every((places) => places === 0)) return value;
  return build.op("Pad", [value, build.ints([0, 0, ...shift, 0, 0, ...after])]);
}
