import { allocate, axisOf, type ReferenceTensor, referenceTensor, splitAt } from "../../float64/tensor.js";
import { errors as shared } from "../../rules/errors.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { ReferenceContext, ReferenceRule } from "../../rules/reference/rule.js";
import { errors } from "./errors.js";
import type { OPERATORS } from "./operators.js";

/** One axis of a resize: each new place is a weighted sum of old ones, or the extrapolation value. */
type Taps = readonly (readonly [place: number, weight: number])[] | undefined;

interface AxisPlan {
  readonly axis: number;
  readonly taps: readonly Taps[];
}

/** The coordinate of a new place on the old axis. */
function coordinate(
  c: ReferenceContext,
  at: number,
  size: number,
  target: number,
  scale: number,
  roi: readonly [number, number],
): number {
  const mode = c.text("coordinate_transformation_mode", "half_pixel");
  switch (c.opset < 11 ? "asymmetric" : mode) {
    case "half_pixel":
      return (at + 0.5) / scale - 0.5;
    case "half_pixel_symmetric": {
      const adjusted = target / (scale * size);
      return (size / 2) * (1 - adjusted) + (at + 0.5) / scale - 0.5;
    }
    case "pytorch_half_pixel":
      return target > 1 ? (at + 0.5) / scale - 0.5 : 0;
    case "align_corners":
      return target === 1 ? 0 : (at * (size - 1)) / (target - 1);
    case "asymmetric":
      return at / scale;
    case "tf_half_pixel_for_nn":
      return (at + 0.5) / scale;
    case "tf_crop_and_resize":
      return target > 1
        ? roi[0] * (size - 1) + (at * (roi[1] - roi[0]) * (size - 1)) / (target - 1)
        : 0.5 * (roi[0] + roi[1]) * (size - 1);
    default:
      throw errors.coordinateModeIsUnknown(mode);
  }
}

function nearest(mode: string, x: number): number {
  switch (mode) {
    case "floor":
      return Math.floor(x);
    case "ceil":
      return Math.ceil(x);
    case "round_prefer_ceil":
      return Math.floor(x + 0.5);
    default:
      return Math.ceil(x - 0.5);
  }
}

/** The interpolation kernel: the weight of an element at a distance, in old places. */
function kernelOf(
  c: ReferenceContext,
  mode: string,
): { readonly reach: number; readonly weight: (distance: number) => number } {
  if (mode === "linear") return { reach: 1, weight: (d) => Math.max(0, 1 - Math.abs(d)) };
  const a = c.float("cubic_coeff_a", -0.75);
  const weight = (distance: number): number => {
    const d = Math.abs(distance);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
  };
  return { reach: 2, weight };
}

function interpolate(c: ReferenceContext, mode: string, x: number, size: number, scale: number): Taps {
  if (mode === "nearest") {
    const rounding = c.opset < 11 ? "floor" : c.text("nearest_mode", "round_prefer_floor");
    return [[Math.min(Math.max(nearest(rounding, x), 0), size - 1), 1]];
  }
  const { reach, weight } = kernelOf(c, mode);
  // Antialiasing widens the kernel when shrinking.
  const antialias = c.int("antialias", 0) === 1;
  const stretch = antialias ? Math.min(scale, 1) : 1;
  const first = Math.ceil(x - reach / stretch);
  const last = Math.floor(x + reach / stretch);
  const taps: [number, number][] = [];
  const exclude = c.int("exclude_outside", 0) === 1;
  for (let place = first; place <= last; place++) {
    const w = weight((place - x) * stretch);
    const inside = place >= 0 && place < size;
    if (exclude && !inside) continue;
    taps.push([Math.min(Math.max(place, 0), size - 1), w]);
  }
  const sum = taps.reduce((total, [, w]) => total + w, 0);
  return (exclude || antialias) && sum !== 0 ? taps.map(([place, w]) => [place, w / sum] as const) : taps;
}

interface Target {
  readonly axes: readonly number[];
  readonly scales: readonly number[];
  readonly sizes: readonly number[];
}

/** The new sizes and scales: inputs or attributes in five forms over the versions. */
function targetOf(c: ReferenceContext, x: ReferenceTensor): Target {
  const rank = x.dims.length;
  const axes = c.ints("axes")?.map((axis) => axisOf(axis, rank)) ?? [...x.dims.keys()];
  const sizeAt = (index: number): number => x.dims[axes[index] ?? 0] ?? 1;
  const listed =
    c.node.opType === "Upsample" && c.opset < 9 ? c.floats("scales") : c.numbers(c.opset < 11 ? 1 : 2);
  const fromScales = (scales: readonly number[]): Target => ({
    axes,
    scales,
    sizes: scales.map((scale, index) => Math.floor(sizeAt(index) * scale)),
  });
  if (listed !== undefined && listed.length > 0) return fromScales(listed);
  if (c.has("height_scale")) return fromScales([1, 1, c.float("height_scale", 1), c.float("width_scale", 1)]);
  const wanted = c.numbers(3);
  if (wanted === undefined) throw errors.resizeSizeIsMissing();
  const ratios = wanted.map((size, index) => size / sizeAt(index));
  const policy = c.text("keep_aspect_ratio_policy", "stretch");
  if (policy === "stretch") return { axes, scales: ratios, sizes: wanted };
  const ratio = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return {
    axes,
    scales: ratios.map(() => ratio),
    sizes: ratios.map((_, index) => Math.floor(sizeAt(index) * ratio + 0.5)),
  };
}

const resize: ReferenceRule = (c) => {
  const x = c.input(0);
  const named = c.text("mode", "nearest");
  const mode =
    named === "bilinear" || named === "trilinear" ? "linear" : named === "bicubic" ? "cubic" : named;
  if (mode !== "nearest" && mode !== "linear" && mode !== "cubic") throw shared.referenceModeIsUnknown(mode);
  const { axes, scales, sizes } = targetOf(c, x);
  const roi = c.opset >= 11 ? (c.numbers(1) ?? []) : [];
  const cropping = c.text("coordinate_transformation_mode", "half_pixel") === "tf_crop_and_resize";
  const plans: AxisPlan[] = axes.flatMap((axis, index) => {
    const size = x.dims[axis] ?? 1;
    const target = sizes[index] ?? size;
    const scale = scales[index] ?? 1;
    if (target === size && scale === 1 && !cropping) return [];
    const box = [roi[index] ?? 0, roi[index + axes.length] ?? 1] as const;
    const taps = Array.from({ length: target }, (_, at) => {
      const from = coordinate(c, at, size, target, scale, box);
      if (cropping && (from < 0 || from > size - 1)) return undefined;
      return interpolate(c, mode, from, size, scale);
    });
    return [{ axis, taps }];
  });
  const outside = c.float("extrapolation_value", 0);
  return [plans.reduce((tensor, plan) => resizeAxis(tensor, plan), x)].map((result) =>
    cropping ? extrapolate(result, plans, outside) : result,
  );
};

function resizeAxis(x: ReferenceTensor, { axis, taps }: AxisPlan): ReferenceTensor {
  const { outer, size, inner } = splitAt(x.dims, axis);
  const out = allocate(outer * taps.length * inner);
  for (let n = 0; n < outer; n++) {
    taps.forEach((list, at) => {
      const to = (n * taps.length + at) * inner;
      for (const [place, weight] of list ?? []) {
        const from = (n * size + place) * inner;
        for (let i = 0; i < inner; i++) out[to + i] = (out[to + i] ?? 0) + weight * (x.data[from + i] ?? 0);
      }
    });
  }
  return referenceTensor(
    x.dtype,
    x.dims.map((dim, index) => (index === axis ? taps.length : dim)),
    out,
  );
}

/** Places outside the input on any axis get the extrapolation value. */
function extrapolate(x: ReferenceTensor, plans: readonly AxisPlan[], value: number): ReferenceTensor {
  const out = x.data.slice();
  for (const { axis, taps } of plans) {
    const { outer, size, inner } = splitAt(x.dims, axis);
    for (let n = 0; n < outer; n++) {
      taps.forEach((list, at) => {
        if (list === undefined) out.fill(value, (n * size + at) * inner, (n * size + at + 1) * inner);
      });
    }
  }
  return { ...x, data: out };
}

export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  AffineGrid: missing("the computation is not written"),
  GridSample: missing("the computation is not written"),
  ImageDecoder: opaque("its input is the bytes of a file"),
  MaxRoiPool: missing("the computation is not written"),
  NonMaxSuppression: missing("the computation is not written"),
  Resize: resize,
  RoiAlign: missing("the computation is not written"),
  Upsample: resize,
};
