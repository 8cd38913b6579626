import type { DType } from "../../ir/dtype.js";
import { add, type MaybeDim, mul, sub } from "../../rules/dims.js";
import type { FacetTable } from "../../rules/facet.js";
import {
  type Conclusions,
  type Dims,
  type InferContext,
  type InferRule,
  tensorConclusion,
} from "../../rules/fact.js";
import { extent, kernelWindow, unknownDims, windowPositions } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

/** The spatial sizes of the kernel: the attribute, or those of W. */
function kernelOf(c: InferContext, weight: number, rank: number): Dims {
  const kernel = c.ints("kernel_shape");
  if (kernel !== undefined) return kernel;
  return c.shape(weight)?.slice(2) ?? unknownDims(rank - 2);
}

/** Y [N, M, ...] = X [N, C, ...] convolved with W [M, C / group, ...]. */
export function convolve(c: InferContext, weight: number, dtype: DType | undefined): Conclusions {
  const x = c.shape(0);
  const w = c.shape(weight);
  const rank = x?.length ?? w?.length;
  if (rank === undefined) return [tensorConclusion(dtype, undefined)];
  if (rank < 2 || (w !== undefined && w.length !== rank)) return c.reject("X and W differ in rank");
  const kernel = kernelOf(c, weight, rank);
  const window = kernelWindow(c, kernel);
  if (kernel.length !== rank - 2 || window === undefined) return c.reject("the window does not fit the rank");
  const spatial = x === undefined ? unknownDims(rank - 2) : windowPositions(x.slice(2), window, false);
  return [tensorConclusion(dtype, [x?.[0], w?.[0], ...spatial])];
}

/** Conv, and the operators of other domains that work as it does. */
export const conv: InferRule = (c) => convolve(c, 1, c.dtype(0) ?? c.dtype(1));

/** Y [N, M, ...]; W is [C, M / group, ...]. */
const convTranspose: InferRule = (c) => {
  const x = c.shape(0);
  const w = c.shape(1);
  const dtype = c.dtype(0) ?? c.dtype(1);
  const rank = x?.length ?? w?.length;
  if (rank === undefined) return [tensorConclusion(dtype, undefined)];
  if (rank < 2 || (w !== undefined && w.length !== rank)) return c.reject("X and W differ in rank");
  const kernel = kernelOf(c, 1, rank);
  const window = kernelWindow(c, kernel);
  const more = c.ints("output_padding") ?? kernel.map(() => 0);
  const sizes = c.ints("output_shape");
  if (kernel.length !== rank - 2 || more.length !== kernel.length || window === undefined) {
    return c.reject("the window does not fit the rank");
  }
  const spatial = kernel.map((_, axis): MaybeDim => {
    // Some writers give the whole output shape here.
    if (sizes !== undefined) return sizes.length === kernel.length ? sizes[axis] : sizes[axis + 2];
    const size = x?.[axis + 2];
    const stride = window.strides[axis] ?? 1;
    const reach = add(extent(window, axis), more[axis] ?? 0);
    if (window.autoPad === "SAME_UPPER" || window.autoPad === "SAME_LOWER") {
      return typeof reach === "number" && reach >= stride ? mul(size, stride) : undefined;
    }
    const full = add(mul(sub(size, 1), stride), reach);
    if (window.autoPad === "VALID") return full;
    return sub(full, (window.pads[axis] ?? 0) + (window.pads[axis + kernel.length] ?? 0));
  });
  return [tensorConclusion(dtype, [x?.[0], mul(w?.[1], c.int("group", 1)), ...spatial])];
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  DeformConv: conv,
};
