import {
  allocate,
  axisOf,
  gatherStrided,
  isInteger,
  type ReferenceTensor,
  referenceTensor,
  sizeOf,
  splitAt,
  stridesOf,
  wrapInteger,
} from "../../float64/tensor.js";
import { type FacetTable, missing } from "../../rules/facet.js";
import type { ReferenceContext, ReferenceRule } from "../../rules/reference/rule.js";
import type { OPERATORS } from "./operators.js";

/** Reduces a run of elements to one. */
type Reduce = (values: Float64Array) => number;

function fold(
  f: (total: number, value: number) => number,
  start: number,
  finish?: (total: number, size: number) => number,
): Reduce {
  return (values) => {
    let total = start;
    for (const value of values) total = f(total, value);
    return finish === undefined ? total : finish(total, values.length);
  };
}

/** The axes to reduce: an attribute, later (opset 13 or 18) an input. undefined: none are named. */
function axesOf(c: ReferenceContext): readonly number[] | undefined {
  return c.ints("axes") ?? c.numbers(1);
}

function reduction(reduce: Reduce): ReferenceRule {
  return (c) => {
    const x = c.input(0);
    const rank = x.dims.length;
    const named = axesOf(c) ?? [];
    if (named.length === 0 && c.int("noop_with_empty_axes", 0) === 1) {
      // Reducing over no axis still squares, takes roots and so on, element by element.
      return [
        referenceTensor(
          x.dtype,
          x.dims,
          x.data.map((value) => reduce(Float64Array.of(value))),
        ),
      ];
    }
    const axes = new Set(named.length === 0 ? x.dims.keys() : named.map((axis) => axisOf(axis, rank)));
    const kept = x.dims.flatMap((_, axis) => (axes.has(axis) ? [] : [axis]));
    const order = [...kept, ...x.dims.flatMap((_, axis) => (axes.has(axis) ? [axis] : []))];
    const strides = stridesOf(x.dims);
    const inOrder = order.every((axis, index) => axis === index);
    const moved = inOrder
      ? x.data
      : gatherStrided(
          x.data,
          order.map((axis) => x.dims[axis] ?? 1),
          order.map((axis) => strides[axis] ?? 0),
        );
    const out = allocate(sizeOf(kept.map((axis) => x.dims[axis] ?? 1)));
    const length = out.length === 0 ? 0 : x.data.length / out.length;
    for (let i = 0; i < out.length; i++) {
      const value = reduce(moved.subarray(i * length, (i + 1) * length));
      out[i] = isInteger(x.dtype) ? wrapInteger(x.dtype, Math.trunc(value)) : value;
    }
    const keep = c.int("keepdims", 1) !== 0;
    const dims = x.dims.flatMap((dim, axis) => (axes.has(axis) ? (keep ? [1] : []) : [dim]));
    return [referenceTensor(x.dtype, dims, out)];
  };
}

const logSumExp: Reduce = (values) => {
  const max = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!Number.isFinite(max)) return max;
  return max + Math.log(fold((total, value) => total + Math.exp(value - max), 0)(values));
};

/** Walks the lines of a tensor along an axis: `first` is a line's first element, `step` apart from the next. */
function forEachLine(
  x: ReferenceTensor,
  axis: number,
  line: (first: number, step: number, size: number, index: number) => void,
): void {
  const { outer, size, inner } = splitAt(x.dims, axis);
  for (let n = 0; n < outer; n++)
    for (let i = 0; i < inner; i++) line(n * size * inner + i, inner, size, n * inner + i);
}

function argument(better: (a: number, b: number) => boolean): ReferenceRule {
  return (c) => {
    const x = c.input(0);
    const axis = axisOf(c.int("axis", 0), x.dims.length);
    const last = c.int("select_last_index", 0) === 1;
    const keep = c.int("keepdims", 1) !== 0;
    const dims = x.dims.flatMap((dim, index) => (index === axis ? (keep ? [1] : []) : [dim]));
    const out = allocate(sizeOf(dims));
    forEachLine(x, axis, (first, step, size, index) => {
      let best = 0;
      for (let k = 1; k < size; k++) {
        const [value, leader] = [x.data[first + k * step] ?? 0, x.data[first + best * step] ?? 0];
        if (better(value, leader) || (last && value === leader)) best = k;
      }
      out[index] = best;
    });
    return [referenceTensor("int64", dims, out)];
  };
}

const cumulative: ReferenceRule = (c) => {
  const x = c.input(0);
  const axis = axisOf(c.input(1).data[0] ?? 0, x.dims.length);
  const exclusive = c.int("exclusive", 0) === 1;
  const backward = c.int("reverse", 0) === 1;
  const out = allocate(x.data.length);
  forEachLine(x, axis, (first, step, size) => {
    let sum = 0;
    for (let k = 0; k < size; k++) {
      const at = first + (backward ? size - 1 - k : k) * step;
      const value = x.data[at] ?? 0;
      out[at] = exclusive ? sum : sum + value;
      sum += value;
    }
  });
  return [referenceTensor(x.dtype, x.dims, out)];
};

const topK: ReferenceRule = (c) => {
  const x = c.input(0);
  const axis = axisOf(c.int("axis", -1), x.dims.length);
  const k = c.input(1).data[0] ?? 1;
  const sign = c.int("largest", 1) === 1 ? -1 : 1;
  const dims = x.dims.map((dim, index) => (index === axis ? k : dim));
  const values = allocate(sizeOf(dims));
  const indices = allocate(values.length);
  const { inner } = splitAt(x.dims, axis);
  forEachLine(x, axis, (first, step, size, index) => {
    const order = Array.from({ length: size }, (_, i) => i);
    const value = (i: number): number => x.data[first + i * step] ?? 0;
    // Ties go to the lower index.
    order.sort((a, b) => sign * (value(a) - value(b)) || a - b);
    order.slice(0, k).forEach((from, rank) => {
      const at = Math.floor(index / inner) * k * inner + rank * inner + (index % inner);
      values[at] = value(from);
      indices[at] = from;
    });
  });
  return [referenceTensor(x.dtype, dims, values), referenceTensor("int64", dims, indices)];
};

export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  ArgMax: argument((a, b) => a > b),
  ArgMin: argument((a, b) => a < b),
  CumProd: missing("it could work as CumSum does"),
  CumSum: cumulative,
  ReduceL1: reduction(fold((a, b) => a + Math.abs(b), 0)),
  ReduceL2: reduction(fold((a, b) => a + b * b, 0, Math.sqrt)),
  ReduceLogSum: reduction(fold((a, b) => a + b, 0, Math.log)),
  ReduceLogSumExp: reduction(logSumExp),
  ReduceMax: reduction(fold((a, b) => Math.max(a, b), -Infinity)),
  ReduceMean: reduction(
    fold(
      (a, b) => a + b,
      0,
      (total, size) => total / size,
    ),
  ),
  ReduceMin: reduction(fold((a, b) => Math.min(a, b), Infinity)),
  ReduceProd: reduction(fold((a, b) => a * b, 1)),
  ReduceSum: reduction(fold((a, b) => a + b, 0)),
  ReduceSumSquare: reduction(fold((a, b) => a + b * b, 0)),
  TopK: topK,
};
