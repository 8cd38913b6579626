import { errors } from "../errors.js";
import type { ReferenceContext } from "./rule.js";

/** A sliding window over the spatial axes, made three-dimensional by leading axes of size 1. */
export interface Window {
  /** Number of spatial axes that the model knows. */
  readonly rank: number;
  readonly input: Triple;
  readonly kernel: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  /** Padding before, and after, each axis. */
  readonly begin: Triple;
  readonly end: Triple;
  readonly output: Triple;
}

export type Triple = readonly [number, number, number];

function triple(values: readonly number[], fill: number): Triple {
  if (values.length > 3) throw errors.spatialAxesAreTooMany(values.length);
  const [a, b, c] = [fill, fill, fill, ...values].slice(-3);
  return [a ?? fill, b ?? fill, c ?? fill];
}

export function volume(sizes: Triple): number {
  return sizes[0] * sizes[1] * sizes[2];
}

/** The model's own spatial sizes of a triple. */
export function spatialOf(window: Window, sizes: Triple): number[] {
  return sizes.slice(3 - window.rank);
}

/**
 * The window of Conv and the pools, from strides, dilations, pads, auto_pad and ceil_mode. `spatial` are the input's sizes
 * after batch and channel.
 */
export function windowOf(c: ReferenceContext, spatial: readonly number[], kernel: readonly number[]): Window {
  const rank = spatial.length;
  if (rank === 0 || kernel.length !== rank) throw errors.kernelDoesNotFitInput(kernel, spatial);
  const ones = spatial.map(() => 1);
  const strides = c.ints("strides") ?? ones;
  const dilations = c.ints("dilations") ?? ones;
  const auto = c.text("auto_pad", "NOTSET");
  const pads = auto === "NOTSET" || auto === "" ? (c.ints("pads") ?? []) : [];
  const ceil = c.int("ceil_mode", 0) === 1;
  const begin: number[] = [];
  const end: number[] = [];
  const output: number[] = [];
  spatial.forEach((size, axis) => {
    const stride = strides[axis] ?? 1;
    const extent = ((kernel[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    let before = pads[axis] ?? 0;
    let after = pads[axis + rank] ?? 0;
    let count: number;
    if (auto === "SAME_UPPER" || auto === "SAME_LOWER") {
      count = Math.ceil(size / stride);
      const total = Math.max((count - 1) * stride + extent - size, 0);
      before = auto === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
      after = total - before;
    } else {
      const steps = (size + before + after - extent) / stride;
      // A window that is a little larger than its input counts once in onnxruntime, whose division truncates.
      count = (ceil ? Math.ceil(steps) : Math.trunc(steps)) + 1;
      // A last window that begins in the padding behind the input does not count.
      if (ceil && (count - 1) * stride >= size + before) count--;
    }
    begin.push(before);
    end.push(after);
    output.push(Math.max(count, 0));
  });
  return {
    rank,
    input: triple(spatial, 1),
    kernel: triple(kernel, 1),
    strides: triple(strides, 1),
    dilations: triple(dilations, 1),
    begin: triple(begin, 0),
    end: triple(end, 0),
    output: triple(output, 1),
  };
}

/** The window of ConvTranspose: `output` is the result's size, and sliding the window over it gives `input` places. */
export function transposedWindow(
  c: ReferenceContext,
  spatial: readonly number[],
  kernel: readonly number[],
): Window {
  const rank = spatial.length;
  if (rank === 0 || kernel.length !== rank) throw errors.kernelDoesNotFitInput(kernel, spatial);
  const ones = spatial.map(() => 1);
  const strides = c.ints("strides") ?? ones;
  const dilations = c.ints("dilations") ?? ones;
  const extra = c.ints("output_padding") ?? [];
  const wanted = c.ints("output_shape")?.slice(-rank);
  const auto = c.text("auto_pad", "NOTSET");
  const same = auto === "SAME_UPPER" || auto === "SAME_LOWER";
  const pads = auto === "NOTSET" || auto === "" ? (c.ints("pads") ?? []) : [];
  const begin: number[] = [];
  const end: number[] = [];
  const output: number[] = [];
  spatial.forEach((size, axis) => {
    const stride = strides[axis] ?? 1;
    const full =
      (size - 1) * stride + (extra[axis] ?? 0) + ((kernel[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    let before = pads[axis] ?? 0;
    let after = pads[axis + rank] ?? 0;
    const target = wanted?.[axis] ?? (same ? size * stride : undefined);
    if (target !== undefined) {
      const total = Math.max(full - target, 0);
      before = auto === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
      // onnxruntime and the specification differ for odd totals of NOTSET; the specification rounds the end up.
      if (!same) before = Math.floor(total / 2);
      after = total - before;
    }
    begin.push(before);
    end.push(after);
    output.push(target ?? full - before - after);
  });
  return {
    rank,
    input: triple(spatial, 1),
    kernel: triple(kernel, 1),
    strides: triple(strides, 1),
    dilations: triple(dilations, 1),
    begin: triple(begin, 0),
    end: triple(end, 0),
    output: triple(output, 1),
  };
}

/** The first and one past the last position whose tap at `offset` lies inside an axis of `size`. */
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
 * Visits every run of places along the last axis at which a tap of the kernel meets the input: `at` is the place in
 * the output (volume order), `from` that in the input, `count` places on, `step` apart in the input.
 */
export function forEachTapRun(
  window: Window,
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
