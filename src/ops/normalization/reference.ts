import {
  allocate,
  axisOf,
  expand,
  type ReferenceTensor,
  referenceTensor,
  reshape,
  sizeOf,
  splitAt,
} from "../../float64/tensor.js";
import { errors as shared } from "../../rules/errors.js";
import { type FacetTable, missing } from "../../rules/facet.js";
import type { ReferenceContext, ReferenceRule } from "../../rules/reference/rule.js";
import { zip } from "../elementwise/reference.js";
import { errors } from "./errors.js";
import type { OPERATORS } from "./operators.js";

/** Normalizes with the statistics of the batch, and updates the running ones; both variances are biased. */
const trainBatchNormalization: ReferenceRule = (c) => {
  const x = c.input(0);
  const epsilon = c.float("epsilon", 1e-5);
  const keep = c.float("momentum", 0.9);
  const { outer, size, inner } = splitAt(x.dims, 1);
  const out = allocate(x.data.length);
  const [mean, variance] = [allocate(size), allocate(size)];
  for (let channel = 0; channel < size; channel++) {
    const values = allocate(outer * inner);
    for (let n = 0; n < outer; n++) {
      const from = (n * size + channel) * inner;
      values.set(x.data.subarray(from, from + inner), n * inner);
    }
    const moments = momentsOf(values);
    const normal = standardize(values, values.length, epsilon);
    for (let n = 0; n < outer; n++)
      out.set(normal.subarray(n * inner, (n + 1) * inner), (n * size + channel) * inner);
    mean[channel] = (c.input(3).data[channel] ?? 0) * keep + moments.mean * (1 - keep);
    variance[channel] = (c.input(4).data[channel] ?? 0) * keep + moments.variance * (1 - keep);
  }
  affine(out, x.dims, c.input(1).data, c.input(2).data);
  const running = [mean, variance].map((data, index) =>
    referenceTensor(c.input(3 + index).dtype, [size], data),
  );
  return [referenceTensor(x.dtype, x.dims, out), ...running];
};

/** y = x * scale[c] + shift[c] on axis 1. */
const batchNormalization: ReferenceRule = (c) => {
  const x = c.input(0);
  const [scale, bias, mean, variance] = [c.input(1), c.input(2), c.input(3), c.input(4)];
  // Before version 14 further outputs mean training form, unless is_test (up to version 6) is set.
  const outputs = [1, 2, 3, 4].some((index) => c.wants(index));
  if (c.opset >= 14 && c.int("training_mode", 0) === 1) return trainBatchNormalization(c);
  if (c.opset < 14 && outputs && c.int("is_test", 0) === 0) throw shared.referenceIsTrainingForm();
  if (c.int("spatial", 1) === 0) throw errors.normalizesEachPlace();
  const epsilon = c.float("epsilon", 1e-5);
  const { outer, size, inner } = splitAt(x.dims, x.dims.length > 1 ? 1 : 0);
  const out = allocate(x.data.length);
  for (let block = 0, at = 0; block < outer * size; block++) {
    const channel = x.dims.length > 1 ? block % size : 0;
    const factor = (scale.data[channel] ?? 0) / Math.sqrt((variance.data[channel] ?? 0) + epsilon);
    const centre = mean.data[channel] ?? 0;
    const shift = bias.data[channel] ?? 0;
    for (const end = at + inner; at < end; at++) out[at] = ((x.data[at] ?? 0) - centre) * factor + shift;
  }
  return [referenceTensor(x.dtype, x.dims, out)];
};

interface Moments {
  readonly mean: number;
  /** Biased: divided by the number of elements. */
  readonly variance: number;
}

function momentsOf(values: Float64Array): Moments {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, variance: squares / values.length };
}

/** Normalizes each run of `length` elements to mean 0 and variance 1. */
function standardize(data: Float64Array, length: number, epsilon: number): Float64Array {
  const out = allocate(data.length);
  for (let start = 0; start < data.length; start += length) {
    const { mean, variance } = momentsOf(data.subarray(start, start + length));
    const factor = 1 / Math.sqrt(variance + epsilon);
    for (let i = start; i < start + length; i++) out[i] = ((data[i] ?? 0) - mean) * factor;
  }
  return out;
}

/** x * scale + bias in place, the parameters repeated over axis 1. */
function affine(x: Float64Array, dims: readonly number[], scale: Float64Array, bias: Float64Array): void {
  const { outer, size, inner } = splitAt(dims, 1);
  for (let block = 0, at = 0; block < outer * size; block++) {
    const [s, b] = [scale[block % size] ?? 0, bias[block % size] ?? 0];
    for (const end = at + inner; at < end; at++) x[at] = (x[at] ?? 0) * s + b;
  }
}

const instanceNormalization: ReferenceRule = (c) => {
  const x = c.input(0);
  const out = standardize(x.data, splitAt(x.dims, 1).inner, c.float("epsilon", 1e-5));
  affine(out, x.dims, c.input(1).data, c.input(2).data);
  return [referenceTensor(x.dtype, x.dims, out)];
};

const groupNormalization: ReferenceRule = (c) => {
  const x = c.input(0);
  const [batch = 1, channels = 1] = x.dims;
  const groups = c.int("num_groups", 1);
  if (channels % groups !== 0) throw errors.groupsDoNotDivideChannels(groups, channels);
  const out = standardize(x.data, x.data.length / (batch * groups), c.float("epsilon", 1e-5));
  // Version 18 had one scale per group, version 21 has one per channel.
  const perChannel = (t: ReferenceTensor): Float64Array =>
    c.opset >= 21
      ? t.data
      : Float64Array.from({ length: channels }, (_, i) => t.data[Math.floor((i * groups) / channels)] ?? 0);
  affine(out, x.dims, perChannel(c.input(1)), perChannel(c.input(2)));
  return [referenceTensor(x.dtype, x.dims, out)];
};

function trailing(c: ReferenceContext, x: ReferenceTensor): { axis: number; length: number } {
  const axis = axisOf(c.int("axis", -1), x.dims.length);
  return { axis, length: sizeOf(x.dims.slice(axis)) };
}

/** x times a scale, plus a bias, that broadcast to the trailing axes. */
function scaled(
  x: ReferenceTensor,
  scale: ReferenceTensor,
  bias: ReferenceTensor | undefined,
): ReferenceTensor {
  const s = expand(scale, x.dims).data;
  const b = bias === undefined ? undefined : expand(bias, x.dims).data;
  return { ...x, data: x.data.map((value, i) => value * (s[i] ?? 0) + (b?.[i] ?? 0)) };
}

const layerNormalization: ReferenceRule = (c) => {
  const x = c.input(0);
  const { axis, length } = trailing(c, x);
  const epsilon = c.float("epsilon", 1e-5);
  const out = scaled({ ...x, data: standardize(x.data, length, epsilon) }, c.input(1), c.optional(2));
  if (!c.wants(1) && !c.wants(2)) return [out];
  const rows = Array.from({ length: x.data.length / length }, (_, row) =>
    momentsOf(x.data.subarray(row * length, (row + 1) * length)),
  );
  const dims = x.dims.map((dim, index) => (index < axis ? dim : 1));
  return [
    out,
    referenceTensor(
      "float",
      dims,
      rows.map(({ mean }) => mean),
    ),
    referenceTensor(
      "float",
      dims,
      rows.map(({ variance }) => 1 / Math.sqrt(variance + epsilon)),
    ),
  ];
};

const rmsNormalization: ReferenceRule = (c) => {
  const x = c.input(0);
  const { length } = trailing(c, x);
  const epsilon = c.float("epsilon", 1e-5);
  const out = allocate(x.data.length);
  for (let start = 0; start < out.length; start += length) {
    let squares = 0;
    for (let i = start; i < start + length; i++) squares += (x.data[i] ?? 0) ** 2;
    const factor = 1 / Math.sqrt(squares / length + epsilon);
    for (let i = start; i < start + length; i++) out[i] = (x.data[i] ?? 0) * factor;
  }
  return [scaled({ ...x, data: out }, c.input(1), undefined)];
};

/** x / (bias + alpha / size * sum of squares of the channels around)^beta. */
const lrn: ReferenceRule = (c) => {
  const x = c.input(0);
  const width = c.int("size", 1);
  const [alpha, beta, bias] = [c.float("alpha", 1e-4), c.float("beta", 0.75), c.float("bias", 1)];
  const { outer, size, inner } = splitAt(x.dims, 1);
  const out = allocate(x.data.length);
  for (let n = 0; n < outer; n++) {
    for (let channel = 0; channel < size; channel++) {
      const low = Math.max(0, channel - Math.floor((width - 1) / 2));
      const high = Math.min(size - 1, channel + Math.ceil((width - 1) / 2));
      for (let i = 0; i < inner; i++) {
        let squares = 0;
        for (let other = low; other <= high; other++)
          squares += (x.data[(n * size + other) * inner + i] ?? 0) ** 2;
        const at = (n * size + channel) * inner + i;
        out[at] = (x.data[at] ?? 0) / (bias + (alpha / width) * squares) ** beta;
      }
    }
  }
  return [referenceTensor(x.dtype, x.dims, out)];
};

const meanVariance: ReferenceRule = (c) => {
  const x = c.input(0);
  const axes = c.ints("axes") ?? [0, 2, 3];
  if (axes.some((axis) => axis === 1) || x.dims.length < 2) throw errors.normalizesOverChannels();
  const { outer, size, inner } = splitAt(x.dims, 1);
  const perBatch = !axes.includes(0);
  const out = allocate(x.data.length);
  for (let channel = 0; channel < size; channel++) {
    const blocks = Array.from({ length: outer }, (_, n) => (n * size + channel) * inner);
    for (const group of perBatch ? blocks.map((block) => [block]) : [blocks]) {
      const values = Float64Array.from(
        group.flatMap((block) => Array.from(x.data.subarray(block, block + inner))),
      );
      const { mean, variance } = momentsOf(values);
      const factor = 1 / (Math.sqrt(variance) + 1e-9);
      for (const block of group)
        for (let i = block; i < block + inner; i++) out[i] = ((x.data[i] ?? 0) - mean) * factor;
    }
  }
  return [referenceTensor(x.dtype, x.dims, out)];
};

const lpNormalization: ReferenceRule = (c) => {
  const x = c.input(0);
  const p = c.int("p", 2);
  const { outer, size, inner } = splitAt(x.dims, axisOf(c.int("axis", -1), x.dims.length));
  const out = allocate(x.data.length);
  for (let n = 0; n < outer; n++) {
    for (let i = 0; i < inner; i++) {
      const at = (k: number): number => (n * size + k) * inner + i;
      let norm = 0;
      for (let k = 0; k < size; k++) norm += Math.abs(x.data[at(k)] ?? 0) ** p;
      norm **= 1 / p;
      for (let k = 0; k < size; k++) out[at(k)] = norm === 0 ? 0 : (x.data[at(k)] ?? 0) / norm;
    }
  }
  return [referenceTensor(x.dtype, x.dims, out)];
};

/** Softmax over an axis; before opset 13 over all axes from `axis` on, taken together. */
function softmaxLike(finish: (x: number, max: number, sum: number) => number): ReferenceRule {
  return (c) => {
    const x = c.input(0);
    const old = c.opset < 13;
    const axis = axisOf(c.int("axis", old ? 1 : -1), x.dims.length);
    const dims = old ? [sizeOf(x.dims.slice(0, axis)), sizeOf(x.dims.slice(axis))] : x.dims;
    const view = reshape(x, dims);
    const { outer, size, inner } = splitAt(dims, old ? 1 : axis);
    const out = allocate(x.data.length);
    for (let n = 0; n < outer; n++) {
      for (let i = 0; i < inner; i++) {
        const first = n * size * inner + i;
        const end = first + size * inner;
        let max = -Infinity;
        for (let at = first; at < end; at += inner) max = Math.max(max, view.data[at] ?? 0);
        let sum = 0;
        for (let at = first; at < end; at += inner) sum += Math.exp((view.data[at] ?? 0) - max);
        for (let at = first; at < end; at += inner) out[at] = finish(view.data[at] ?? 0, max, sum);
      }
    }
    return [referenceTensor(x.dtype, x.dims, out)];
  };
}

export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization,
  Hardmax: (c) => {
    const x = c.input(0);
    const old = c.opset < 13;
    const axis = axisOf(c.int("axis", old ? 1 : -1), x.dims.length);
    const dims = old ? [sizeOf(x.dims.slice(0, axis)), sizeOf(x.dims.slice(axis))] : x.dims;
    const { outer, size, inner } = splitAt(dims, old ? 1 : axis);
    const out = allocate(x.data.length);
    for (let n = 0; n < outer; n++) {
      for (let i = 0; i < inner; i++) {
        let best = n * size * inner + i;
        for (let k = 1; k < size; k++) {
          const at = (n * size + k) * inner + i;
          if ((x.data[at] ?? 0) > (x.data[best] ?? 0)) best = at;
        }
        out[best] = 1;
      }
    }
    return [referenceTensor(x.dtype, x.dims, out)];
  },
  ImageScaler: (c) => {
    const x = c.input(0);
    const scale = c.float("scale", 1);
    const bias = c.floats("bias") ?? [];
    const shifts = referenceTensor(x.dtype, [bias.length, 1, 1], Array.from(bias));
    return [zip(x, shifts, (value, b) => value * scale + b)];
  },
  InstanceNormalization: instanceNormalization,
  LRN: lrn,
  LayerNormalization: layerNormalization,
  LogSoftmax: softmaxLike((x, max, sum) => x - max - Math.log(sum)),
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVariance,
  RMSNormalization: rmsNormalization,
  SimplifiedLayerNormalization: missing("it could work as RMSNormalization does"),
  Softmax: softmaxLike((x, max, sum) => Math.exp(x - max) / sum),
};
