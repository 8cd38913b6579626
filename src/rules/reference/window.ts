import { errors } from "../errors.js";
import type { ReferenceContext } from "./rule.js";

/** A sliding window over three spatial axes; models with fewer get leading axes of size 1. */
export interface ReferenceWindow {
  /** The number of spatial axes in the model. */
  readonly rank: number;
  readonly input: Triple;
  readonly kernel: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  /** The padding in front of each axis, and behind it. */
  readonly begin: Triple;
  readonly end: Triple;
  readonly output: Triple;
}

/** One number for each of the three axes. */
export type Triple = readonly [number, number, number];

/** The values for three axes, with `fill` in front. */
function triple(values: readonly number[], fill: number): Triple {
  if (values.length > 3) throw errors.spatialAxesAreTooMany(values.length);
  const [a, b, c] = [fill, fill, fill, ...values].slice(-3);
  return [a ?? fill, b ?? fill, c ?? fill];
}

/** The elements of a box. */
export function volume(sizes: Triple): number {
  return sizes[0] * sizes[1] * sizes[2];
}

/** The part of a triple that the model knows, without the leading axes. */
export function spatialOf(window: ReferenceWindow, sizes: Triple): number[] {
  return sizes.slice(3 - window.rank);
}

/** The attributes of a window with their defaults. */
interface WindowAttributes {
  readonly rank: number;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Begins, then ends; none where auto_pad works them out. */
  readonly pads: readonly number[];
  readonly autoPad: string;
  /** Elements from the first to the last that the window reads along an axis. */
  readonly extents: readonly number[];
}

function windowAttributes(
  c: ReferenceContext,
  spatial: readonly number[],
  kernel: readonly number[],
): WindowAttributes {
  const rank = spatial.length;
  if (rank === 0 || kernel.length !== rank) throw errors.kernelDoesNotFitInput(kernel, spatial);
  const ones = spatial.map(() => 1);
  const strides = c.ints("strides") ?? ones;
  const dilations = c.ints("dilations") ?? ones;
  const autoPad = c.text("auto_pad", "NOTSET");
  const pads = autoPad === "NOTSET" || autoPad === "" ? (c.ints("pads") ?? []) : [];
  const extents = kernel.map((size, axis) => (size - 1) * (dilations[axis] ?? 1) + 1);
  return { rank, strides, dilations, pads, autoPad, extents };
}

/** SAME_UPPER puts the odd element of the padding behind an axis, SAME_LOWER in front of it. */
function beginOfSame(autoPad: string, total: number): number {
  return autoPad === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
}

function isSame(autoPad: string): boolean {
  return autoPad === "SAME_UPPER" || autoPad === "SAME_LOWER";
}

/** Padding before and after, and places, of one axis. */
interface AxisPlaces {
  readonly before: number;
  readonly after: number;
  readonly count: number;
}

function windowOver(
  { rank, strides, dilations }: WindowAttributes,
  spatial: readonly number[],
  kernel: readonly number[],
  axes: readonly AxisPlaces[],
): ReferenceWindow {
  return {
    rank,
    input: triple(spatial, 1),
    kernel: triple(kernel, 1),
    strides: triple(strides, 1),
    dilations: triple(dilations, 1),
    begin: triple(
      axes.map(({ before }) => before),
      0,
    ),
    end: triple(
      axes.map(({ after }) => after),
      0,
    ),
    output: triple(
      axes.map(({ count }) => count),
      1,
    ),
  };
}

/**
 * The window of Conv and the pools, from strides, dilations, pads, auto_pad and ceil_mode. `spatial` are the input's sizes
 * after batch and channel.
 */
export function referenceWindow(
  c: ReferenceContext,
  spatial: readonly number[],
  kernel: readonly number[],
): ReferenceWindow {
  const attributes = windowAttributes(c, spatial, kernel);
  const { rank, strides, pads, autoPad, extents } = attributes;
  const ceil = c.int("ceil_mode", 0) === 1;
  const axes = spatial.map((size, axis): AxisPlaces => {
    const stride = strides[axis] ?? 1;
    const extent = extents[axis] ?? 1;
    if (isSame(autoPad)) {
      const count = Math.ceil(size / stride);
      const total = Math.max((count - 1) * stride + extent - size, 0);
      const before = beginOfSame(autoPad, total);
      return { before, after: total - before, count };
    }
    const [before, after] = [pads[axis] ?? 0, pads[axis + rank] ?? 0];
    const steps = (size + before + after - extent) / stride;
    // A window that is a little larger than its input counts once in onnxruntime, whose division truncates.
    let count = (ceil ? Math.ceil(steps) : Math.trunc(steps)) + 1;
    // A last window that begins in the padding behind the input does not count.
    if (ceil && (count - 1) * stride >= size + before) count--;
    return { before, after, count: Math.max(count, 0) };
  });
  return windowOver(attributes, spatial, kernel, axes);
}

/** The window of ConvTranspose: `output` is the size of the result, over which the window slides to `input` places. */
export function transposedWindow(
  c: ReferenceContext,
  spatial: readonly number[],
  kernel: readonly number[],
): ReferenceWindow {
  const attributes = windowAttributes(c, spatial, kernel);
  const { rank, strides, pads, autoPad, extents } = attributes;
  const extra = c.ints("output_padding") ?? [];
  const wanted = c.ints("output_shape")?.slice(-rank);
  const axes = spatial.map((size, axis): AxisPlaces => {
    const stride = strides[axis] ?? 1;
    const full = (size - 1) * stride + (extra[axis] ?? 0) + (extents[axis] ?? 1);
    const count = wanted?.[axis] ?? (isSame(autoPad) ? size * stride : undefined);
    if (count === undefined) {
      const [before, after] = [pads[axis] ?? 0, pads[axis + rank] ?? 0];
      return { before, after, count: full - before - after };
    }
    const total = Math.max(full - count, 0);
    // onnxruntime and the specification differ for odd totals of NOTSET; the specification rounds the end up.
    const before = isSame(autoPad) ? beginOfSame(autoPad, total) : Math.floor(total / 2);
    return { before, after: total - before, count };
  });
  return windowOver(attributes, spatial, kernel, axes);
}

/** The first position whose tap at `offset` lies inside an axis of `size`, and one past the last. */
export function validRange(
  count: number,
  stride: number,
  offset: number,
  size: number,
): readonly [number, number] {
  const low = Math.max(0, Math.ceil(-offset / stride));
  const high = Math.min(count, Math.floor((size - 1 - offset) / stride) + 1);
  return [low, Math.max(low, high)];
}

/**
 * Visits all runs of places along the last axis where a tap of the kernel meets the input. A run begins at place `at` of the
 * output and place `from` of the input, and has `count` places, `step` apart in the input.
 */
export function forEachTapRun(
  window: ReferenceWindow,
  tap: Triple,
  run: (at: number, from: number, count: number, step: number) => void,
): void {
  const { input, output, strides, dilations, begin } = window;
  const offset = (axis: 0 | 1 | 2): number => tap[axis] * dilations[axis] - begin[axis];
  const [d0, d1] = validRange(output[0], strides[0], offset(0), input[0]);
  const [h0, h1] = validRange(output[1], strides[1], offset(1), input[1]);
  const [w0, w1] = validRange(output[2], strides[2], offset(2), input[2]);
  if (w1 === w0) return;
  const column = w0 * strides[2] + offset(2);
  for (let d = d0; d < d1; d++) {
    for (let h = h0; h < h1; h++) {
      const from = ((d * strides[0] + offset(0)) * input[1] + h * strides[1] + offset(1)) * input[2] + column;
      run((d * output[1] + h) * output[2] + w0, from, w1 - w0, strides[2]);
    }
  }
}

/** The taps of a kernel in row-major order. */
export function tapsOf(kernel: Triple): Triple[] {
  const taps: Triple[] = [];
  for (let d = 0; d < kernel[0]; d++)
    for (let h = 0; h < kernel[1]; h++) for (let w = 0; w < kernel[2]; w++) taps.push([d, h, w]);
  return taps;
}
