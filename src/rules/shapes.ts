import type { DType } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import { add, broadcastDim, ceilDiv, floorDiv, type MaybeDim, min, mul, sameDim, sub } from "./dims.js";
import type { Conclusion, Dims, FactType, InferContext, TensorFactType } from "./fact.js";
import type { Facts } from "./facts.js";

/** The rank of a value that may be missing; undefined where it is not known. */
export function rankOf(value: Value | undefined, facts: Facts): number | undefined {
  return value === undefined ? undefined : facts.rank(value);
}

/** An axis or index that may count from the end, counted from the front. The range is not looked at; see normalAxis. */
export function fromFront(index: number, count: number): number {
  return index < 0 ? index + count : index;
}

/** An axis counted from the front; undefined when it is outside the rank. */
export function normalAxis(axis: number | undefined, rank: number | undefined): number | undefined {
  if (axis === undefined || rank === undefined || !Number.isInteger(axis)) return undefined;
  const normal = axis < 0 ? axis + rank : axis;
  return normal >= 0 && normal < rank ? normal : undefined;
}

/** All axes counted from the front, in the given order; undefined when one is outside the rank or occurs twice. */
export function normalAxes(axes: readonly number[], rank: number): number[] | undefined {
  const normal = axes.flatMap((axis) => normalAxis(axis, rank) ?? []);
  return normal.length === axes.length && new Set(normal).size === axes.length ? normal : undefined;
}

/** The pads of all axes, begins and then ends, from those of the named axes; undefined where the two do not go together. */
export function padsOfAllAxes(
  pads: readonly number[],
  axes: readonly number[],
  rank: number,
): number[] | undefined {
  const normal = normalAxes(axes, rank);
  if (normal === undefined || pads.length !== 2 * normal.length) return undefined;
  const all = new Array<number>(2 * rank).fill(0);
  for (const [index, axis] of normal.entries()) {
    all[axis] = pads[index] ?? 0;
    all[axis + rank] = pads[index + normal.length] ?? 0;
  }
  return all;
}

/** The list with another item at an index. */
export function replaceAt<T>(list: readonly T[], index: number, item: T): T[] {
  return list.map((old, at) => (at === index ? item : old));
}

/** A shape of a known rank without known sizes. */
export function unknownDims(count: number): MaybeDim[] {
  return Array.from({ length: count }, () => undefined);
}

/** Longer lists of sizes or axes count as unknown, because no real model has them. */
const MAX_RANK = 64;

/** The shape that a 1-D tensor of `count` sizes describes, with `more` axes added and without known sizes. */
export function unknownRank(count: MaybeDim, more = 0): MaybeDim[] | undefined {
  if (typeof count !== "number" || count > MAX_RANK || count + more < 0) return undefined;
  return unknownDims(count + more);
}

/** The shape that all shapes broadcast to by numpy's rule; "mismatch" where they do not. */
export function broadcastShapes(shapes: readonly (Dims | undefined)[]): Dims | undefined | "mismatch" {
  let result: Dims = [];
  for (const shape of shapes) {
    if (shape === undefined) return undefined;
    const rank = Math.max(result.length, shape.length);
    const joined: MaybeDim[] = [];
    for (let i = 0; i < rank; i++) {
      const left = i - (rank - result.length);
      const right = i - (rank - shape.length);
      const dim = broadcastDim(left < 0 ? 1 : result[left], right < 0 ? 1 : shape[right]);
      if (dim === "mismatch") return "mismatch";
      joined.push(dim);
    }
    result = joined;
  }
  return result;
}

/** The common part of two shapes: the rank and the sizes that are the same in both. */
export function joinShapes(a: Dims | undefined, b: Dims | undefined): Dims | undefined {
  if (a === undefined || b === undefined || a.length !== b.length) return undefined;
  return a.map((dim, axis) => (sameDim(dim, b[axis]) ? dim : undefined));
}

/** The common part of two types. */
export function joinTypes(
  a: FactType<MaybeDim> | undefined,
  b: FactType<MaybeDim> | undefined,
): FactType<MaybeDim> | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (isTensor(a) && isTensor(b) && a.kind === b.kind) {
    return {
      kind: a.kind,
      dtype: a.dtype === b.dtype ? a.dtype : undefined,
      shape: joinShapes(a.shape, b.shape),
    };
  }
  if ((a.kind === "sequence" || a.kind === "optional") && a.kind === b.kind) {
    return { kind: a.kind, element: joinTypes(a.element, b.element) };
  }
  return a.kind === b.kind && !isTensor(a) ? a : undefined;
}

/** True for dense and sparse tensors. */
export function isTensor<D>(type: FactType<D>): type is TensorFactType<D> {
  return type.kind === "tensor" || type.kind === "sparse_tensor";
}

/** The common part of two conclusions, which holds for either value. */
export function joinConclusions(
  a: Conclusion | undefined,
  b: Conclusion | undefined,
): Conclusion | undefined {
  const type = joinTypes(a?.type, b?.type);
  if (type === undefined) return undefined;
  return { type, elements: joinShapes(a?.elements, b?.elements) };
}

/** The element type of inputs that must have the same one: the first that is known. */
export function commonDType(c: InferContext, inputs: readonly number[]): DType | undefined {
  for (const input of inputs) {
    const dtype = c.dtype(input);
    if (dtype !== undefined) return dtype;
  }
  return undefined;
}

/** How a kernel moves over the spatial axes: one entry per axis, pads as begins, then ends. */
export interface KernelWindow {
  readonly kernel: Dims;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly autoPad: string;
}

/** The window attributes with their defaults; undefined when their lengths or values make no sense. */
export function kernelWindow(c: InferContext, kernel: Dims): KernelWindow | undefined {
  const rank = kernel.length;
  const strides = c.ints("strides") ?? kernel.map(() => 1);
  const dilations = c.ints("dilations") ?? kernel.map(() => 1);
  const pads = c.ints("pads") ?? [...kernel, ...kernel].map(() => 0);
  const autoPad = c.text("auto_pad") ?? "NOTSET";
  if (strides.length !== rank || dilations.length !== rank || pads.length !== 2 * rank) return undefined;
  if (strides.some((stride) => stride < 1) || dilations.some((step) => step < 1)) return undefined;
  return { kernel, strides, dilations, pads, autoPad: autoPad === "" ? "NOTSET" : autoPad };
}

/** The number of positions of a window along each axis. With `ceil` (ceil_mode) the last one may hang over the end. */
export function windowPositions(input: Dims, window: KernelWindow, ceil: boolean): MaybeDim[] {
  const rank = window.kernel.length;
  return input.map((size, axis) => {
    const stride = window.strides[axis] ?? 1;
    if (window.autoPad === "SAME_UPPER" || window.autoPad === "SAME_LOWER") return ceilDiv(size, stride);
    const reach = extent(window, axis);
    const explicit = window.autoPad === "NOTSET";
    const begin = explicit ? (window.pads[axis] ?? 0) : 0;
    const end = explicit ? (window.pads[axis + rank] ?? 0) : 0;
    const room = sub(add(size, begin + end), reach);
    const down = add(floorDiv(room, stride), 1);
    if (!ceil) return down;
    const up = add(ceilDiv(room, stride), 1);
    if (!explicit) return sameDim(down, up) ? up : undefined;
    // A window that would start in the padding behind the input is not taken.
    return stride === 1 ? up : min(up, ceilDiv(add(size, begin), stride));
  });
}

/** The length of a window along an axis, from the first element that it reads to the last. */
export function extent(window: KernelWindow, axis: number): MaybeDim {
  return add(mul(sub(window.kernel[axis], 1), window.dilations[axis] ?? 1), 1);
}
