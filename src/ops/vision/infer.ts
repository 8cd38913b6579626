import { floorDiv, leastOf, type MaybeDim, mul } from "../../rules/dims.js";
import type { FacetTable } from "../../rules/facet.js";
import {
  type Conclusions,
  type Dims,
  type InferContext,
  type InferRule,
  tensorConclusion,
} from "../../rules/fact.js";
import { normalAxes, unknownDims } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

/** floor(size * scale), where it does not depend on the precision in which the product is taken. */
function scaled(size: MaybeDim, scale: number | undefined): MaybeDim {
  if (scale === undefined || !(scale > 0)) return undefined;
  if (typeof size === "number") {
    const exact = Math.floor(size * scale);
    return exact === Math.floor(Math.fround(size * scale)) ? exact : undefined;
  }
  const denominator = [1, 2, 4, 8, 16, 32].find((candidate) => Number.isInteger(scale * candidate));
  return denominator === undefined ? undefined : floorDiv(mul(size, scale * denominator), denominator);
}

function scaledBy(
  c: InferContext,
  scales: readonly number[] | undefined,
  axes: readonly number[],
): Conclusions {
  const x = c.shape(0);
  if (x === undefined) return [tensorConclusion(c.dtype(0), undefined)];
  if (scales !== undefined && scales.length !== axes.length)
    return c.reject("the scales do not fit the rank");
  const dims = x.map((size, axis) => {
    const at = axes.indexOf(axis);
    return at < 0 ? size : scaled(size, scales?.[at]);
  });
  return [tensorConclusion(c.dtype(0), dims)];
}

/** Opset 10: X, scales. Since: X, roi, scales, sizes, where one of the last two is given; `axes` from opset 18 on. */
const resize: InferRule = (c) => {
  const x = c.shape(0);
  if (x === undefined) return [tensorConclusion(c.dtype(0), undefined)];
  const axes = normalAxes(c.ints("axes") ?? [...x.keys()], x.length);
  if (axes === undefined) return c.reject("an axis is outside the rank");
  if (c.opset < 11) return scaledBy(c, c.numbers(1), axes);
  const cropped = c.text("coordinate_transformation_mode") === "tf_crop_and_resize";
  const scales = c.numbers(2);
  const hasScales = c.has(2) && c.shape(2)?.[0] !== 0;
  if (hasScales || !c.has(3)) return scaledBy(c, cropped ? undefined : scales, axes);
  const stretched = (c.text("keep_aspect_ratio_policy") ?? "stretch") === "stretch";
  const sizes = stretched ? c.elements(3) : undefined;
  if (sizes !== undefined && sizes.length !== axes.length) return c.reject("the sizes do not fit the rank");
  // Scales whose own size is not known may be the empty ones that leave it to the sizes, or not.
  const decided = !c.has(2) || c.shape(2)?.[0] === 0;
  const dims = x.map((size, axis) => {
    const at = axes.indexOf(axis);
    if (at < 0) return size;
    return decided && leastOf(sizes?.[at]) >= 0 ? sizes?.[at] : undefined;
  });
  return [tensorConclusion(c.dtype(0), dims)];
};

/** Scales are two attributes in opset 1, one from 7 on, an input from 9 on. */
const upsample: InferRule = (c) => {
  const axes = [...(c.shape(0) ?? []).keys()];
  if (c.opset >= 9) return scaledBy(c, c.numbers(1), axes);
  return scaledBy(
    c,
    c.floats("scales")?.map(Math.fround) ?? [1, 1, c.float("height_scale") ?? 0, c.float("width_scale") ?? 0],
    axes,
  );
};

/** [N, C, ...] sampled at grid [N, ...out, axes]. */
const gridSample: InferRule = (c) => {
  const x = c.shape(0);
  const grid = c.shape(1);
  const spatial = grid?.slice(1, -1) ?? (x === undefined ? undefined : unknownDims(x.length - 2));
  if (spatial === undefined) return [tensorConclusion(c.dtype(0), undefined)];
  return [tensorConclusion(c.dtype(0), [x?.[0] ?? grid?.[0], x?.[1], ...spatial])];
};

/** theta [N, axes, axes + 1] and size (N, C, ...spatial) -> [N, ...spatial, axes]. */
const affineGrid: InferRule = (c) => {
  const size = c.elements(1)?.map((dim) => (leastOf(dim) >= 0 ? dim : undefined));
  if (size === undefined || size.length < 4) return [tensorConclusion(c.dtype(0), undefined)];
  return [tensorConclusion(c.dtype(0), [size[0], ...size.slice(2), size.length - 2])];
};

const roiAlign: InferRule = (c) => {
  const size: Dims = [c.int("output_height", 1), c.int("output_width", 1)];
  return [tensorConclusion(c.dtype(0), [c.shape(1)?.[0], c.shape(0)?.[1], ...size])];
};

const maxRoiPool: InferRule = (c) => {
  const size = c.ints("pooled_shape");
  if (size?.length !== 2) return c.reject("pooled_shape has not two sizes");
  return [tensorConclusion(c.dtype(0), [c.shape(1)?.[0], c.shape(0)?.[1], ...size])];
};

const imageDecoder: InferRule = (c) => {
  const channels = c.text("pixel_format") === "Grayscale" ? 1 : 3;
  return [tensorConclusion("uint8", [undefined, undefined, channels])];
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  AffineGrid: affineGrid,
  GridSample: gridSample,
  ImageDecoder: imageDecoder,
  MaxRoiPool: maxRoiPool,
  NonMaxSuppression: () => [tensorConclusion("int64", [undefined, 3])],
  Resize: resize,
  RoiAlign: roiAlign,
  Upsample: upsample,
};
