import {
  allocate,
  axisOf,
  broadcastDims,
  expand,
  gatherStrided,
  type ReferenceTensor,
  referenceTensor,
  reshape,
  sizeOf,
  splitAt,
  stridesOf,
  transpose,
} from "../../float64/tensor.js";
import { errors as shared } from "../../rules/errors.js";
import { type FacetTable, missing } from "../../rules/facet.js";
import type { ReferenceRule } from "../../rules/reference/rule.js";
import { errors } from "./errors.js";
import type { OPERATORS } from "./operators.js";
import { gather, gatherElements, gatherNd, scatterElements, scatterNd } from "./reference-index.js";

const concat: ReferenceRule = (c) => {
  const parts = c.inputs.map((_, index) => c.input(index));
  const [first] = parts;
  if (first === undefined) throw shared.referenceHasNoInputs();
  const axis = axisOf(c.int("axis", 1), first.dims.length);
  const total = parts.reduce((sum, part) => sum + (part.dims[axis] ?? 0), 0);
  const dims = first.dims.map((dim, index) => (index === axis ? total : dim));
  const out = allocate(sizeOf(dims));
  const { outer, inner } = splitAt(dims, axis);
  let from = 0;
  for (const part of parts) {
    const length = (part.dims[axis] ?? 0) * inner;
    for (let n = 0; n < outer; n++)
      out.set(part.data.subarray(n * length, (n + 1) * length), n * total * inner + from);
    from += length;
  }
  return [referenceTensor(first.dtype, dims, out)];
};

/** Elements [start, start + size) of an axis. */
function slab(x: ReferenceTensor, axis: number, start: number, size: number): ReferenceTensor {
  const strides = stridesOf(x.dims);
  const dims = x.dims.map((dim, index) => (index === axis ? size : dim));
  return referenceTensor(x.dtype, dims, gatherStrided(x.data, dims, strides, start * (strides[axis] ?? 1)));
}

const split: ReferenceRule = (c) => {
  const x = c.input(0);
  const axis = axisOf(c.int("axis", 0), x.dims.length);
  const size = x.dims[axis] ?? 0;
  const parts = c.node.outputs.length;
  const chunk = Math.ceil(size / parts);
  const sizes =
    c.numbers(1) ??
    c.ints("split") ??
    Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(chunk, size - i * chunk)));
  let start = 0;
  return sizes.map((length) => {
    const part = slab(x, axis, start, length);
    start += length;
    return part;
  });
};

const slice: ReferenceRule = (c) => {
  const x = c.input(0);
  const starts = c.ints("starts") ?? c.numbers(1) ?? [];
  const ends = c.ints("ends") ?? c.numbers(2) ?? [];
  const axes = c.ints("axes") ?? c.numbers(3) ?? starts.map((_, index) => index);
  const steps = c.numbers(4) ?? [];
  const strides = stridesOf(x.dims);
  const dims = [...x.dims];
  let base = 0;
  axes.forEach((named, index) => {
    const axis = axisOf(named, x.dims.length);
    const size = x.dims[axis] ?? 1;
    const step = steps[index] ?? 1;
    if (step === 0) throw errors.sliceStepIsZero();
    const clamp = (at: number, low: number, high: number): number =>
      Math.min(Math.max(at < 0 ? at + size : at, low), high);
    const down = step < 0;
    const start = clamp(starts[index] ?? 0, 0, down ? size - 1 : size);
    const end = clamp(ends[index] ?? 0, down ? -1 : 0, size);
    dims[axis] = Math.max(0, Math.ceil((end - start) / step));
    base += start * (strides[axis] ?? 1);
    strides[axis] = (strides[axis] ?? 1) * step;
  });
  return [referenceTensor(x.dtype, dims, gatherStrided(x.data, dims, strides, base))];
};

/** The coordinate that a padded coordinate copies; undefined for the constant border. */
function source(mode: string, at: number, size: number): number | undefined {
  if (at >= 0 && at < size) return at;
  if (mode === "constant") return undefined;
  if (mode === "edge") return at < 0 ? 0 : size - 1;
  if (mode === "wrap") return ((at % size) + size) % size;
  if (mode !== "reflect") throw shared.referenceModeIsUnknown(mode);
  const period = Math.max(2 * (size - 1), 1);
  const folded = ((at % period) + period) % period;
  return folded < size ? folded : period - folded;
}

const pad: ReferenceRule = (c) => {
  const x = c.input(0);
  const rank = x.dims.length;
  const pads = c.ints("pads") ?? c.ints("paddings") ?? c.numbers(1) ?? [];
  const axes = c.numbers(3)?.map((axis) => axisOf(axis, rank)) ?? [...x.dims.keys()];
  const value = c.optional(2)?.data[0] ?? c.float("value", 0);
  const mode = c.text("mode", "constant");
  const begin = x.dims.map(() => 0);
  const dims = [...x.dims];
  axes.forEach((axis, index) => {
    begin[axis] = pads[index] ?? 0;
    dims[axis] = (dims[axis] ?? 0) + (pads[index] ?? 0) + (pads[index + axes.length] ?? 0);
  });
  // A gather of slices along one axis after the other; a table gives the origin of each coordinate.
  let current = x;
  dims.forEach((size, axis) => {
    const from = Array.from({ length: size }, (_, at) =>
      source(mode, at - (begin[axis] ?? 0), x.dims[axis] ?? 0),
    );
    if (from.length === x.dims[axis] && from.every((place, at) => place === at)) return;
    const { outer, size: old, inner } = splitAt(current.dims, axis);
    const out = allocate(outer * size * inner).fill(value);
    for (let n = 0; n < outer; n++) {
      from.forEach((place, at) => {
        if (place === undefined) return;
        const first = (n * old + place) * inner;
        out.set(current.data.subarray(first, first + inner), (n * size + at) * inner);
      });
    }
    current = referenceTensor(
      x.dtype,
      current.dims.map((dim, index) => (index === axis ? size : dim)),
      out,
    );
  });
  return [current];
};

const tile: ReferenceRule = (c) => {
  const x = c.input(0);
  const repeats = c.numbers(1) ?? [];
  const pairs = x.dims.flatMap((dim, axis) => [repeats[axis] ?? 1, dim]);
  const strides = stridesOf(x.dims).flatMap((stride) => [0, stride]);
  const dims = x.dims.map((dim, axis) => dim * (repeats[axis] ?? 1));
  return [referenceTensor(x.dtype, dims, gatherStrided(x.data, pairs, strides))];
};

const depthToSpace: ReferenceRule = (c) => {
  const x = c.input(0);
  const block = c.int("blocksize", 1);
  const [n = 1, channels = 1, h = 1, w = 1] = x.dims;
  const depth = channels / block ** 2;
  const columnFirst = c.text("mode", "DCR") === "CRD";
  const parts = reshape(x, columnFirst ? [n, depth, block, block, h, w] : [n, block, block, depth, h, w]);
  const moved = transpose(parts, columnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]);
  return [reshape(moved, [n, depth, h * block, w * block])];
};

const spaceToDepth: ReferenceRule = (c) => {
  const x = c.input(0);
  const block = c.int("blocksize", 1);
  const [n = 1, channels = 1, h = 1, w = 1] = x.dims;
  const parts = reshape(x, [n, channels, h / block, block, w / block, block]);
  return [reshape(transpose(parts, [0, 3, 5, 1, 2, 4]), [n, channels * block ** 2, h / block, w / block])];
};

const compress: ReferenceRule = (c) => {
  const flat = !c.has("axis");
  const x = flat ? reshape(c.input(0), [c.input(0).data.length]) : c.input(0);
  const axis = flat ? 0 : axisOf(c.int("axis", 0), x.dims.length);
  const kept = (c.numbers(1) ?? []).flatMap((keep, index) => (keep !== 0 ? [index] : []));
  const { outer, size, inner } = splitAt(x.dims, axis);
  const out = allocate(outer * kept.length * inner);
  let at = 0;
  for (let n = 0; n < outer; n++) {
    for (const index of kept) {
      const from = (n * size + index) * inner;
      out.set(x.data.subarray(from, from + inner), at);
      at += inner;
    }
  }
  return [
    referenceTensor(
      x.dtype,
      x.dims.map((dim, index) => (index === axis ? kept.length : dim)),
      out,
    ),
  ];
};

const trilu: ReferenceRule = (c) => {
  const x = c.input(0);
  const k = c.optional(1)?.data[0] ?? 0;
  const upper = c.int("upper", 1) === 1;
  const [rows = 1, columns = 1] = x.dims.slice(-2);
  const out = x.data.map((value, index) => {
    const diagonal = (index % columns) - (Math.floor(index / columns) % rows);
    return (upper ? diagonal >= k : diagonal <= k) ? value : 0;
  });
  return [referenceTensor(x.dtype, x.dims, out)];
};

const oneHot: ReferenceRule = (c) => {
  const [indices, values] = [c.input(0), c.input(2)];
  const depth = c.input(1).data[0] ?? 0;
  const axis = axisOf(c.int("axis", -1), indices.dims.length + 1);
  const dims = indices.dims.toSpliced(axis, 0, depth);
  const [off = 0, on = 1] = values.data;
  const out = allocate(sizeOf(dims)).fill(off);
  const { inner } = splitAt(dims, axis);
  indices.data.forEach((index, i) => {
    const at = index < 0 ? index + depth : index;
    if (at < 0 || at >= depth) return;
    out[(Math.floor(i / inner) * depth + at) * inner + (i % inner)] = on;
  });
  return [referenceTensor(values.dtype, dims, out)];
};

const nonZero: ReferenceRule = (c) => {
  const x = c.input(0);
  const places = Array.from(x.data.keys()).filter((index) => x.data[index] !== 0);
  const strides = stridesOf(x.dims);
  const coordinates = x.dims.map((dim, axis) =>
    places.map((place) => Math.floor(place / (strides[axis] ?? 1)) % dim),
  );
  return [referenceTensor("int64", [x.dims.length, places.length], coordinates.flat())];
};

export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  CenterCropPad: missing("the computation is not written"),
  Col2Im: missing("the computation is not written"),
  Compress: compress,
  Concat: concat,
  DepthToSpace: depthToSpace,
  Expand: (c) => [expand(c.input(0), broadcastDims(c.input(0).dims, c.numbers(1) ?? []))],
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  NonZero: nonZero,
  OneHot: oneHot,
  Pad: pad,
  ReverseSequence: missing("the computation is not written"),
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  Slice: slice,
  SpaceToDepth: spaceToDepth,
  Split: split,
  TensorScatter: missing("the computation is not written"),
  Tile: tile,
  Transpose: (c) => {
    const x = c.input(0);
    return [transpose(x, c.ints("perm") ?? [...x.dims.keys()].reverse())];
  },
  Trilu: trilu,
  Unique: missing("the computation is not written"),
};
