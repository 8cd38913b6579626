import { product, roundHalfEven } from "../../base/integers.js";
import {
  allocate,
  axisOf,
  isInteger,
  type ReferenceTensor,
  referenceTensor,
  reshape,
} from "../../float64/tensor.js";
import type { DType } from "../../ir/dtype.js";
import type { FacetTable } from "../../rules/facet.js";
import type { ReferenceContext, ReferenceRule } from "../../rules/reference/rule.js";
import { convolve } from "../convolution/reference.js";
import { mapTensor, zip } from "../elementwise/reference.js";
import { centred, multiply } from "../linear/reference.js";
import { errors } from "./errors.js";
import type { OPERATORS } from "./operators.js";

/** A scale or zero point, broadcast over x: one number, one per slice of the axis, or one per block of it. */
function spread(c: ReferenceContext, parameter: ReferenceTensor, x: ReferenceTensor): ReferenceTensor {
  const rank = x.dims.length;
  if (parameter.data.length === 1) return reshape(parameter, []);
  const axis = axisOf(c.int("axis", 1), rank);
  if (parameter.dims.length === 1)
    return reshape(
      parameter,
      x.dims.map((_, index) => (index === axis ? parameter.data.length : 1)),
    );
  const block = c.int("block_size", 0);
  if (block === 0 || parameter.dims.length !== rank)
    throw errors.blockScaleDoesNotFit(parameter.dims, x.dims);
  const out = allocate(x.data.length);
  const inner = product(x.dims.slice(axis + 1));
  const size = x.dims[axis] ?? 1;
  const blocks = parameter.dims[axis] ?? 1;
  for (let i = 0; i < out.length; i++) {
    const place = Math.floor(i / inner) % size;
    const outer = Math.floor(i / (inner * size));
    out[i] = parameter.data[(outer * blocks + Math.floor(place / block)) * inner + (i % inner)] ?? 0;
  }
  return referenceTensor(parameter.dtype, x.dims, out);
}

function rangeOf(dtype: DType): readonly [number, number] {
  const bits = Number(/\d+$/.exec(dtype)?.[0] ?? 0);
  if (!isInteger(dtype) || bits > 32) throw errors.quantizedTypeIsNotInteger(dtype);
  return dtype.startsWith("u") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/** x / scale, rounded to even, plus the zero point, saturated. */
function quantize(
  x: ReferenceTensor,
  scale: ReferenceTensor,
  zero: ReferenceTensor | undefined,
  dtype: DType,
): ReferenceTensor {
  const [low, high] = rangeOf(dtype);
  const steps = zip(x, scale, (value, step) => roundHalfEven(value / step));
  const moved = zero === undefined ? steps : zip(steps, zero, (value, point) => value + point);
  return mapTensor(moved, (value) => Math.min(Math.max(value, low), high), dtype);
}

const quantizeLinear: ReferenceRule = (c) => {
  const x = c.input(0);
  const zero = c.optional(2);
  if (zero === undefined && c.int("output_dtype", 0) !== 0) throw errors.quantizedTypeIsNamed();
  const point = zero === undefined ? undefined : spread(c, zero, x);
  return [quantize(x, spread(c, c.input(1), x), point, zero?.dtype ?? "uint8")];
};

const dequantizeLinear: ReferenceRule = (c) => {
  const x = c.input(0);
  const scale = c.input(1);
  const zero = c.optional(2);
  const point = zero === undefined ? undefined : spread(c, zero, x);
  return [zip(subtract(x, point), spread(c, scale, x), (value, step) => value * step, scale.dtype)];
};

function subtract(x: ReferenceTensor, zero: ReferenceTensor | undefined): ReferenceTensor {
  return zero === undefined ? x : zip(x, zero, (value, point) => value - point);
}

/** (x - x_zero) * x_scale with a scale per row (of a matrix) or per first axis (of weights). */
function dequantized(
  x: ReferenceTensor,
  scale: ReferenceTensor,
  zero: ReferenceTensor,
  axis: number,
): ReferenceTensor {
  const along = (t: ReferenceTensor): ReferenceTensor =>
    t.data.length === 1 || t.dims.length !== 1
      ? { ...t, dims: t.data.length === 1 ? [] : t.dims }
      : reshape(
          t,
          x.dims.map((_, index) => (index === axis ? t.data.length : 1)),
        );
  return zip(subtract(x, along(zero)), along(scale), (value, step) => value * step, "float");
}

const qLinearConv: ReferenceRule = (c) => {
  const x = dequantized(c.input(0), c.input(1), c.input(2), 0);
  const w = dequantized(c.input(3), c.input(4), c.input(5), 0);
  const steps = zip(c.input(1), c.input(4), (a, b) => a * b);
  const bias = c.optional(8);
  const scaledBias =
    bias === undefined ? undefined : zip(bias, steps, (value, step) => value * step, "float");
  const zero = c.input(7);
  return [quantize(convolve(c, x, w, scaledBias), reshape(c.input(6), []), reshape(zero, []), zero.dtype)];
};

const qLinearMatMul: ReferenceRule = (c) => {
  const [a, b] = [c.input(0), c.input(3)];
  const left = dequantized(a, c.input(1), c.input(2), a.dims.length - 2);
  const right = dequantized(b, c.input(4), c.input(5), b.dims.length - 1);
  const zero = c.input(7);
  return [quantize(multiply(left, right), c.input(6), zero, zero.dtype)];
};

const convInteger: ReferenceRule = (c) => {
  const zero = c.optional(3);
  const w = c.input(1);
  const shaped =
    zero === undefined || zero.data.length === 1
      ? zero
      : reshape(
          zero,
          w.dims.map((_, i) => (i === 0 ? zero.data.length : 1)),
        );
  const x = centred(c.input(0), c.optional(2), -1);
  return [{ ...convolve(c, x, subtract(w, shaped), undefined), dtype: "int32" }];
};

const dynamicQuantize: ReferenceRule = (c) => {
  const x = c.input(0);
  const low = x.data.reduce((a, b) => Math.min(a, b), 0);
  const high = x.data.reduce((a, b) => Math.max(a, b), 0);
  const step = high === low ? 1 : (high - low) / 255;
  const point = Math.min(Math.max(roundHalfEven(-low / step), 0), 255);
  const scale = referenceTensor("float", [], [step]);
  const zero = referenceTensor("uint8", [], [point]);
  return [quantize(x, scale, zero, "uint8"), scale, zero];
};

export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  ConvInteger: convInteger,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantize,
  MatMulInteger: (c) => {
    const product = multiply(centred(c.input(0), c.optional(2), -2), centred(c.input(1), c.optional(3), -1));
    return [{ ...product, dtype: "int32" }];
  },
  QLinearConv: qLinearConv,
  QLinearMatMul: qLinearMatMul,
  QuantizeLinear: quantizeLinear,
};
