import {
  differentDim,
  exactDiv,
  floorDiv,
  leastOf,
  type MaybeDim,
  product,
  sameDim,
} from "../../rules/dims.js";
import type { FacetTable } from "../../rules/facet.js";
import {
  type Conclusion,
  type Dims,
  type InferContext,
  type InferRule,
  tensorConclusion,
} from "../../rules/fact.js";
import { normalAxes, normalAxis, unknownDims, unknownRank } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

/** The same elements in the same order under another shape. */
function reshaped(c: InferContext, shape: Dims | undefined): Conclusion {
  const fact = c.fact(0);
  return {
    type: { kind: "tensor", dtype: c.dtype(0), shape },
    elements: fact?.elements,
    tensor: fact?.tensor,
  };
}

const identity: InferRule = (c) => [c.fact(0)];

const reshape: InferRule = (c) => {
  const data = c.shape(0);
  const target = c.opset < 5 ? c.ints("shape") : c.elements(1);
  if (target === undefined) {
    return [reshaped(c, c.opset < 5 ? undefined : unknownRank(c.shape(1)?.[0]))];
  }
  const keepZero = c.bool("allowzero", false);
  const open: number[] = [];
  const dims = target.map((size, axis): MaybeDim => {
    if (size === 0 && !keepZero) return data?.[axis];
    // A symbolic size that is 0 would mean "copy". It is assumed not to be 0, as other compilers do.
    if (typeof size === "number" ? size >= 0 : leastOf(size) >= 0) return size;
    open.push(axis);
    return undefined;
  });
  if (target.some((size) => typeof size === "number" && size < -1)) return c.reject("a size below -1");
  const [last] = open;
  const others = dims.filter((_, axis) => axis !== last);
  if (open.length === 1 && last !== undefined && data !== undefined && !others.includes(undefined)) {
    dims[last] = remaining(data, others);
  }
  if (data !== undefined && open.length === 0 && differentDim(product(data), product(dims))) {
    return c.reject("the input has another number of elements");
  }
  return [reshaped(c, dims)];
};

/** The size of the remaining axis when the other axes have the sizes `others`. */
export function remaining(data: Dims, others: Dims): MaybeDim {
  const left = [...data];
  const divisors = others.filter((dim) => {
    const at = left.findIndex((other) => sameDim(other, dim));
    if (at < 0 || dim === 0) return true;
    left.splice(at, 1);
    return false;
  });
  const total = product(left);
  const divisor = product(divisors);
  return exactDiv(total, divisor) ?? (typeof divisor === "number" ? floorDiv(total, divisor) : undefined);
}

const flatten: InferRule = (c) => {
  const x = c.shape(0);
  const axis = c.int("axis", 1);
  if (x === undefined) return [tensorConclusion(c.dtype(0), unknownDims(2))];
  const at = axis === x.length ? axis : normalAxis(axis, x.length);
  if (at === undefined) return c.reject("the axis is outside the rank");
  return [reshaped(c, [product(x.slice(0, at)), product(x.slice(at))])];
};

/** Axes as an attribute before opset 13, as an input since. "unknown": given, but not known. */
function axesOf(c: InferContext): readonly number[] | undefined | "unknown" {
  if (c.opset < 13) return c.ints("axes");
  return c.has(1) ? (c.numbers(1) ?? "unknown") : undefined;
}

const squeeze: InferRule = (c) => {
  const x = c.shape(0);
  const axes = axesOf(c);
  if (x === undefined) return [reshaped(c, undefined)];
  if (axes === "unknown") {
    const dims = unknownRank(c.shape(1)?.[0]);
    return [reshaped(c, dims === undefined ? undefined : unknownRank(x.length, -dims.length))];
  }
  if (axes === undefined) {
    const decided = x.every((dim) => typeof dim === "number" || leastOf(dim) > 1);
    return [reshaped(c, decided ? x.filter((dim) => dim !== 1) : undefined)];
  }
  const normal = normalAxes(axes, x.length);
  if (normal === undefined) return c.reject("an axis is outside the rank");
  if (normal.some((axis) => leastOf(x[axis]) > 1 || x[axis] === 0))
    return c.reject("a squeezed axis is not 1");
  return [
    reshaped(
      c,
      x.filter((_, axis) => !normal.includes(axis)),
    ),
  ];
};

const unsqueeze: InferRule = (c) => {
  const x = c.shape(0);
  const axes = axesOf(c);
  if (x === undefined || axes === undefined) return [reshaped(c, undefined)];
  if (axes === "unknown") {
    return [reshaped(c, unknownRank(c.shape(1)?.[0], x.length))];
  }
  const normal = normalAxes(axes, x.length + axes.length);
  if (normal === undefined) return c.reject("an axis is outside the rank");
  const rest = [...x];
  const dims = [...x, ...axes].map((_, axis) => (normal.includes(axis) ? 1 : rest.shift()));
  return [reshaped(c, dims)];
};

/** start and end (opset 15) are clamped to the rank. */
const shape: InferRule = (c) => {
  const x = c.shape(0);
  if (x === undefined) return [tensorConclusion("int64", [undefined])];
  const bound = (at: number): number => Math.min(Math.max(at < 0 ? at + x.length : at, 0), x.length);
  const dims = x.slice(bound(c.int("start", 0)), bound(c.int("end", x.length)));
  return [tensorConclusion("int64", [dims.length], dims)];
};

const size: InferRule = (c) => {
  const x = c.shape(0);
  return [tensorConclusion("int64", [], x === undefined ? undefined : [product(x)])];
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  Flatten: flatten,
  Identity: identity,
  Reshape: reshape,
  Shape: shape,
  Size: size,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
};
