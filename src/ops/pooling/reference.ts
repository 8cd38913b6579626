import { allocate, type ReferenceTensor, referenceTensor, sizeOf } from "../../float64/tensor.js";
import { type FacetTable, missing } from "../../rules/facet.js";
import type { ReferenceContext, ReferenceRule } from "../../rules/reference/rule.js";
import {
  forEachTapRun,
  type ReferenceWindow,
  referenceWindow,
  spatialOf,
  tapsOf,
  volume,
} from "../../rules/reference/window.js";
import type { OPERATORS } from "./operators.js";

/** A pool's window, and its result filled with `start`, for every plane of the input. */
function pool(
  c: ReferenceContext,
  start: number,
  plane: (window: ReferenceWindow, xBase: number, out: Float64Array, outBase: number) => void,
): ReferenceTensor {
  const x = c.input(0);
  const [batch = 1, channels = 1, ...spatial] = x.dims;
  const window = referenceWindow(c, spatial, c.ints("kernel_shape") ?? []);
  const places = volume(window.output);
  const out = allocate(batch * channels * places).fill(start);
  for (let p = 0; p < batch * channels; p++) plane(window, p * volume(window.input), out, p * places);
  return referenceTensor(x.dtype, [batch, channels, ...spatialOf(window, window.output)], out);
}

/** Loops over elements are functions of their own, because engines compile them better than closures. */
function takeMax(
  out: Float64Array,
  first: number,
  indices: Float64Array | undefined,
  x: Float64Array,
  from: number,
  step: number,
  count: number,
): void {
  for (let i = first, j = from, end = first + count; i < end; i++, j += step) {
    const value = x[j] ?? 0;
    if (value <= (out[i] ?? 0)) continue;
    out[i] = value;
    if (indices !== undefined) indices[i] = j;
  }
}

const maxPool: ReferenceRule = (c) => {
  const x = c.input(0).data;
  let indices: Float64Array | undefined;
  const [, , ...spatial] = c.input(0).dims;
  const column = c.int("storage_order", 0) === 1;
  const result = pool(c, -Infinity, (window, xBase, out, outBase) => {
    if (c.wants(1)) indices ??= allocate(out.length);
    for (const tap of tapsOf(window.kernel)) {
      forEachTapRun(window, tap, (at, from, count, step) => {
        takeMax(out, outBase + at, indices, x, xBase + from, step, count);
      });
    }
  });
  if (indices === undefined) return [result];
  const places = column ? indices.map((index) => columnMajor(index, spatial)) : indices;
  return [result, referenceTensor("int64", result.dims, places)];
};

/** The index of an element when the spatial axes of a plane are stored first axis fastest. */
function columnMajor(index: number, spatial: readonly number[]): number {
  const size = sizeOf(spatial);
  const plane = Math.floor(index / size);
  let rest = index - plane * size;
  let at = 0;
  spatial.toReversed().forEach((dim, back) => {
    at += (rest % dim) * sizeOf(spatial.slice(0, spatial.length - 1 - back));
    rest = Math.floor(rest / dim);
  });
  return plane * size + at;
}

/** The number of elements that each place averages: those inside the input, or inside the padded input. */
function counts(window: ReferenceWindow, countPadding: boolean): Float64Array {
  const { input, begin, end, output, strides, dilations, kernel } = window;
  const perAxis = ([0, 1, 2] as const).map((axis) => {
    const low = countPadding ? -begin[axis] : 0;
    const high = input[axis] + (countPadding ? end[axis] : 0);
    return Array.from({ length: output[axis] }, (_, place) => {
      const first = place * strides[axis] - begin[axis];
      let inside = 0;
      for (let k = 0; k < kernel[axis]; k++) {
        const at = first + k * dilations[axis];
        if (at >= low && at < high) inside++;
      }
      return inside;
    });
  });
  const [ds = [], hs = [], ws = []] = perAxis;
  return Float64Array.from(ds.flatMap((d) => hs.flatMap((h) => ws.map((w) => d * h * w))));
}

/** Sums of f(x) over each place's window, in `out`. */
function addWindow(
  window: ReferenceWindow,
  x: Float64Array,
  xBase: number,
  out: Float64Array,
  outBase: number,
  f: (x: number) => number,
): void {
  for (const tap of tapsOf(window.kernel)) {
    forEachTapRun(window, tap, (at, from, count, step) => {
      for (let i = outBase + at, j = xBase + from, end = i + count; i < end; i++, j += step)
        out[i] = (out[i] ?? 0) + f(x[j] ?? 0);
    });
  }
}

const averagePool: ReferenceRule = (c) => {
  const x = c.input(0).data;
  const countPadding = c.int("count_include_pad", 0) === 1;
  let divisors: Float64Array | undefined;
  return [
    pool(c, 0, (window, xBase, out, outBase) => {
      divisors ??= counts(window, countPadding);
      addWindow(window, x, xBase, out, outBase, (value) => value);
      for (let i = 0; i < divisors.length; i++)
        out[outBase + i] = (out[outBase + i] ?? 0) / (divisors[i] ?? 1);
    }),
  ];
};

const lpPool: ReferenceRule = (c) => {
  const x = c.input(0).data;
  const p = c.int("p", 2);
  const powers = pool(c, 0, (window, xBase, out, outBase) =>
    addWindow(window, x, xBase, out, outBase, (value) => Math.abs(value) ** p),
  );
  return [{ ...powers, data: powers.data.map((sum) => sum ** (1 / p)) }];
};

/** One number from all elements of each plane. */
function globalPool(reduce: (plane: Float64Array, c: ReferenceContext) => number): ReferenceRule {
  return (c) => {
    const x = c.input(0);
    const [batch = 1, channels = 1, ...spatial] = x.dims;
    const size = sizeOf(spatial);
    const out = allocate(batch * channels);
    for (let p = 0; p < out.length; p++) out[p] = reduce(x.data.subarray(p * size, (p + 1) * size), c);
    return [referenceTensor(x.dtype, [batch, channels, ...spatial.map(() => 1)], out)];
  };
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  AveragePool: averagePool,
  GlobalAveragePool: globalPool((plane) => sum(plane) / plane.length),
  GlobalLpPool: globalPool((plane, c) => {
    const p = c.int("p", 2);
    return sum(plane.map((value) => Math.abs(value) ** p)) ** (1 / p);
  }),
  GlobalMaxPool: globalPool((plane) => plane.reduce((max, value) => Math.max(max, value), -Infinity)),
  LpPool: lpPool,
  MaxPool: maxPool,
  MaxUnpool: missing("the computation is not written"),
};
