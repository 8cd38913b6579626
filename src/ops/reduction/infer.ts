import type { DType } from "../../ir/dtype.js";
import { add, leastOf, type MaybeDim, max, min, mul } from "../../rules/dims.js";
import type { FacetTable } from "../../rules/facet.js";
import { type Dims, type InferContext, type InferRule, tensorConclusion } from "../../rules/fact.js";
import { typeOfFirst } from "../../rules/inference.js";
import { normalAxes, normalAxis, replaceAt } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

/** Axes are an attribute before `since`, an input from then on. "unknown": given, but not known. */
function axesOf(c: InferContext, since: number): readonly number[] | "unknown" {
  if (c.opset < since) return c.ints("axes") ?? [];
  return c.has(1) ? (c.numbers(1) ?? "unknown") : [];
}

function reduce(since: number, f?: (a: MaybeDim, b: MaybeDim) => MaybeDim): InferRule {
  return (c) => {
    const x = c.shape(0);
    const keep = c.bool("keepdims", true);
    const axes = axesOf(c, since);
    const none = axes !== "unknown" && axes.length === 0;
    if (none && c.bool("noop_with_empty_axes", false)) return [tensorConclusion(c.dtype(0), x)];
    if (x === undefined) return [tensorConclusion(c.dtype(0), none && !keep ? [] : undefined)];
    if (axes === "unknown") return [tensorConclusion(c.dtype(0), unknownReduction(c, x, keep))];
    const normal = none ? [...x.keys()] : normalAxes(axes, x.length);
    if (normal === undefined) return c.reject("an axis is outside the rank");
    const dims = keep
      ? x.map((dim, axis) => (normal.includes(axis) ? 1 : dim))
      : x.filter((_, axis) => !normal.includes(axis));
    return [tensorConclusion(c.dtype(0), dims, reduced(c, normal.length, f))];
  };
}

/** Sizes after a reduction over axes that are not known. */
function unknownReduction(c: InferContext, x: Dims, keep: boolean): Dims | undefined {
  if (keep) return x.map((dim) => (dim === 1 ? 1 : undefined));
  const count = c.shape(1)?.[0];
  if (typeof count !== "number" || count === 0 || count > x.length) return undefined;
  return Array.from({ length: x.length - count }, () => undefined);
}

/** Reduces a list of whole numbers to one; sums of rounded numbers depend on their order, and are not computed. */
function reduced(
  c: InferContext,
  axes: number,
  f: ((a: MaybeDim, b: MaybeDim) => MaybeDim) | undefined,
): Dims | undefined {
  const elements = c.elements(0);
  const whole = c.dtype(0) === "int64" || c.dtype(0) === "int32";
  if (f === undefined || elements === undefined || elements.length === 0 || !whole) return undefined;
  if (axes !== c.rank(0)) return undefined;
  const result = elements.reduce<MaybeDim>((a, b, at) => (at === 0 ? b : f(a, b)), undefined);
  return c.dtype(0) === "int32" && typeof result === "number" && Math.abs(result) >= 2 ** 31
    ? undefined
    : [result];
}

const arg: InferRule = (c) => {
  const x = c.shape(0);
  if (x === undefined) return [tensorConclusion("int64", undefined)];
  const axis = normalAxis(c.int("axis", 0), x.length);
  if (axis === undefined) return c.reject("the axis is outside the rank");
  const keep = c.bool("keepdims", true);
  return [
    tensorConclusion("int64", keep ? replaceAt<MaybeDim>(x, axis, 1) : x.filter((_, at) => at !== axis)),
  ];
};

/** k is an attribute before opset 10. */
const topK: InferRule = (c) => {
  const x = c.shape(0);
  const both = (shape: Dims | undefined, dtype: DType | undefined) => [
    tensorConclusion(dtype, shape),
    tensorConclusion("int64", shape),
  ];
  if (x === undefined) return both(undefined, c.dtype(0));
  const axis = normalAxis(c.int("axis", -1), x.length);
  if (axis === undefined) return c.reject("the axis is outside the rank");
  const k = c.opset < 10 ? c.int("k") : c.elements(1)?.[0];
  return both(replaceAt<MaybeDim>(x, axis, leastOf(k) >= 0 ? k : undefined), c.dtype(0));
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  ArgMax: arg,
  ArgMin: arg,
  CumProd: typeOfFirst,
  CumSum: typeOfFirst,
  ReduceL1: reduce(18),
  ReduceL2: reduce(18),
  ReduceLogSum: reduce(18),
  ReduceLogSumExp: reduce(18),
  ReduceMax: reduce(18, max),
  ReduceMean: reduce(18),
  ReduceMin: reduce(18, min),
  ReduceProd: reduce(18, mul),
  ReduceSum: reduce(13, add),
  ReduceSumSquare: reduce(18),
  TopK: topK,
};
