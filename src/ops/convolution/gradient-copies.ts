import { product } from "../../base/integers.js";
import type { Value } from "../../ir/graph.js";
import { tensorFromNumbers } from "../../ir/tensor.js";
import type { GradientContext } from "../../rules/gradient/rule.js";
import { range } from "../../rules/gradient/sizes.js";
import { padSpatial } from "./gradient-window.js";

/** Sizes of axes. */
export type Sizes = readonly number[];

/** One operand of the products: copies of a tensor [N, channels, sizes], each moved along the spatial axes. */
export interface Side {
  readonly value: Value;
  readonly channels: number;
  readonly sizes: Sizes;
  readonly shifts: readonly Sizes[];
}

/** Copies as the rows of a matrix, one for each copy and channel. */
export interface Stack {
  readonly value: Value;
  /** The order of copies and channels in the rows; the one with 0 changes more slowly. */
  readonly order: { readonly copy: 0 | 1; readonly channel: 0 | 1 };
}

/** [N, rows, places] by image, else [rows, all images and places]. */
export function rowsOf({ build }: GradientContext, value: Value, shared: Sizes, isByImage: boolean): Value {
  if (!isByImage) return build.op("Flatten", [value], { axis: 1n });
  const places = product(shared);
  return build.op("Reshape", [value, build.ints([0, -1, places])]);
}

/** All copies of an operand. A Gather along the first axis copies whole lines of places. */
export function stackOf(c: GradientContext, side: Side, shared: Sizes, isByImage: boolean): Stack {
  const { build } = c;
  const { value, sizes, shifts } = side;
  const isAlongFirst = shifts.every((shift) => shift.every((places, axis) => axis === 0 || places === 0));
  const isSimple = shared.length > 1 && shared.every((size, axis) => axis === 0 || size === sizes[axis]);
  if (isByImage && isAlongFirst && isSimple && shifts.length > 1) {
    const { padded, before } = paddedFor(c, value, side, shared);
    const rows = range(shared[0] ?? 0);
    const from = shifts.flatMap(([shift = 0]) => rows.map((row) => row + (before[0] ?? 0) - shift));
    const lines = build.constant(tensorFromNumbers("int64", [shifts.length, rows.length], from));
    const copies = build.op("Gather", [padded, lines], { axis: 2n });
    return { value: rowsOf(c, copies, shared, isByImage), order: { channel: 0, copy: 1 } };
  }
  const copies = joined(c, copiesOf(c, side, shared, isByImage), isByImage ? 1 : 0);
  return { value: rowsOf(c, copies, shared, isByImage), order: { copy: 0, channel: 1 } };
}

/** Joins parts along an axis; a single part stays as it is. */
export function joined({ build }: GradientContext, parts: readonly Value[], axis: number): Value {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return build.op("Concat", parts, { axis: BigInt(axis) });
}

/**
 * The copies of an operand, with zeros around, and with the channels in front unless each image has products of its own. A
 * copy that moves along the last axis is a Pad with negative pads. That is slow for many short lines, so that other copies are
 * slices of one padded tensor.
 */
export function copiesOf(c: GradientContext, side: Side, shared: Sizes, isByImage: boolean): Value[] {
  const { build } = c;
  const { value, sizes, shifts } = side;
  const axes = range(shared.length);
  const perm = [1, 0, ...axes.map((axis) => axis + 2)];
  const source = isByImage ? value : build.op("Transpose", [value], { perm });
  const isWhole = (shift: Sizes): boolean =>
    axes.every((axis) => shift[axis] === 0 && shared[axis] === sizes[axis]);
  if (isByImage && shifts.every((shift) => isAlongLast(shift, sizes, shared))) {
    return shifts.map((shift) => {
      if (isWhole(shift)) return source;
      const after = axes.map((axis) => (shared[axis] ?? 0) - (sizes[axis] ?? 0) - (shift[axis] ?? 0));
      return padSpatial(c, source, shift, after);
    });
  }
  const { padded, before, after } = paddedFor(c, source, side, shared);
  return shifts.map((shift) => {
    if (isWhole(shift)) return source;
    const cut = axes.filter(
      (axis) => (before[axis] ?? 0) + (sizes[axis] ?? 0) + (after[axis] ?? 0) !== shared[axis],
    );
    if (cut.length === 0) return padded;
    const from = cut.map((axis) => (before[axis] ?? 0) - (shift[axis] ?? 0));
    const to = cut.map((axis, index) => (from[index] ?? 0) + (shared[axis] ?? 0));
    const places = cut.map((axis) => axis + 2);
    return build.op("Slice", [padded, build.ints(from), build.ints(to), build.ints(places)]);
  });
}

/** True for a move along the last axis by less than its size; runtimes disagree on Pads that cut off more. */
function isAlongLast(shift: Sizes, sizes: Sizes, shared: Sizes): boolean {
  return shift.every((places, axis) => {
    const [size = 0, wanted = 0] = [sizes[axis], shared[axis]];
    if (axis < shift.length - 1) return places === 0 && size === wanted;
    return size + places > 0 && wanted > places;
  });
}

/** The value with enough zeros around for every copy. */
function paddedFor(
  c: GradientContext,
  value: Value,
  { sizes, shifts }: Side,
  shared: Sizes,
): { readonly padded: Value; readonly before: Sizes; readonly after: Sizes } {
  const most = (needed: (shift: Sizes, axis: number) => number): number[] =>
    shared.map((_, axis) => Math.max(0, ...shifts.map((shift) => needed(shift, axis))));
  const before = most((shift, axis) => shift[axis] ?? 0);
  const after = most((shift, axis) => (shared[axis] ?? 0) - (sizes[axis] ?? 0) - (shift[axis] ?? 0));
  return { padded: padSpatial(c, value, before, after), before, after };
}
