/** Operators that read or write elements at indices. */

import {
  allocate,
  axisOf,
  forEachRow,
  type ReferenceTensor,
  referenceTensor,
  sizeOf,
  splitAt,
  stridesOf,
} from "../../float64/tensor.js";
import { fail, type ReferenceContext, type ReferenceRule } from "../../rules/reference/rule.js";
import { errors } from "./errors.js";

/** An index that may count from the end, counted from the front. */
function within(index: number, size: number): number {
  const at = index < 0 ? index + size : index;
  return at >= 0 && at < size ? at : fail(errors.indexIsOutside(index, size));
}

/** Slices of the data at the indices along an axis. */
export const gather: ReferenceRule = (c) => {
  const [x, indices] = [c.input(0), c.input(1)];
  const axis = axisOf(c.int("axis", 0), x.dims.length);
  const { outer, size, inner } = splitAt(x.dims, axis);
  const dims = [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)];
  const out = allocate(sizeOf(dims));
  let at = 0;
  for (let n = 0; n < outer; n++) {
    for (const index of indices.data) {
      const from = (n * size + within(index, size)) * inner;
      out.set(x.data.subarray(from, from + inner), at);
      at += inner;
    }
  }
  return [referenceTensor(x.dtype, dims, out)];
};

/** For each element of `indices`, the place in a tensor of `dims` whose coordinate on `axis` it gives. */
function elementPlaces(dims: readonly number[], indices: ReferenceTensor, axis: number): Float64Array {
  const strides = stridesOf(dims);
  const own = strides.map((stride, index) => (index === axis ? 0 : stride));
  const places = allocate(indices.data.length);
  const length = indices.dims.at(-1) ?? 1;
  const step = own.at(-1) ?? 0;
  forEachRow(indices.dims, own, (start, offset) => {
    for (let i = 0; i < length; i++) {
      const index = within(indices.data[start + i] ?? 0, dims[axis] ?? 1);
      places[start + i] = offset + i * step + index * (strides[axis] ?? 1);
    }
  });
  return places;
}

/** One element of the data for each index. */
export const gatherElements: ReferenceRule = (c) => {
  const [x, indices] = [c.input(0), c.input(1)];
  const axis = axisOf(c.int("axis", 0), x.dims.length);
  const places = elementPlaces(x.dims, indices, axis);
  return [
    referenceTensor(
      x.dtype,
      indices.dims,
      places.map((place) => x.data[place] ?? 0),
    ),
  ];
};

const REDUCERS: Readonly<Record<string, (old: number, value: number) => number>> = {
  none: (_, value) => value,
  add: (old, value) => old + value,
  mul: (old, value) => old * value,
  max: (old, value) => Math.max(old, value),
  min: (old, value) => Math.min(old, value),
};

function reducerOf(c: ReferenceContext): (old: number, value: number) => number {
  const name = c.text("reduction", "none");
  return REDUCERS[name] ?? fail(errors.referenceReductionIsUnknown(name));
}

/** One element of the data updated for each index. */
export const scatterElements: ReferenceRule = (c) => {
  const [x, indices, updates] = [c.input(0), c.input(1), c.input(2)];
  const reduce = reducerOf(c);
  const out = x.data.slice();
  elementPlaces(x.dims, indices, axisOf(c.int("axis", 0), x.dims.length)).forEach((place, i) => {
    out[place] = reduce(out[place] ?? 0, updates.data[i] ?? 0);
  });
  return [referenceTensor(x.dtype, x.dims, out)];
};

/** The first element of each slice that a tensor of index tuples names; `lead` leading axes are shared. */
function tuplePlaces(dims: readonly number[], indices: ReferenceTensor, lead: number): number[] {
  const width = indices.dims.at(-1) ?? 1;
  const strides = stridesOf(dims);
  const tuples = width === 0 ? sizeOf(indices.dims.slice(0, -1)) : indices.data.length / width;
  const perLead = tuples / Math.max(sizeOf(dims.slice(0, lead)), 1);
  const leadSize = sizeOf(dims.slice(lead));
  return Array.from({ length: tuples }, (_, tuple) => {
    let place = lead === 0 ? 0 : Math.floor(tuple / perLead) * leadSize;
    for (let k = 0; k < width; k++) {
      const axis = lead + k;
      place += within(indices.data[tuple * width + k] ?? 0, dims[axis] ?? 1) * (strides[axis] ?? 1);
    }
    return place;
  });
}

/** One slice of the data for each tuple of indices. */
export const gatherNd: ReferenceRule = (c) => {
  const [x, indices] = [c.input(0), c.input(1)];
  const lead = c.int("batch_dims", 0);
  const width = indices.dims.at(-1) ?? 1;
  const rest = x.dims.slice(lead + width);
  const inner = sizeOf(rest);
  const places = tuplePlaces(x.dims, indices, lead);
  const out = allocate(places.length * inner);
  places.forEach((place, i) => {
    out.set(x.data.subarray(place, place + inner), i * inner);
  });
  return [referenceTensor(x.dtype, [...indices.dims.slice(0, -1), ...rest], out)];
};

/** One slice of the data updated for each tuple of indices. */
export const scatterNd: ReferenceRule = (c) => {
  const [x, indices, updates] = [c.input(0), c.input(1), c.input(2)];
  const inner = sizeOf(x.dims.slice(indices.dims.at(-1) ?? 1));
  const reduce = reducerOf(c);
  const out = x.data.slice();
  tuplePlaces(x.dims, indices, 0).forEach((place, i) => {
    for (let k = 0; k < inner; k++)
      out[place + k] = reduce(out[place + k] ?? 0, updates.data[i * inner + k] ?? 0);
  });
  return [referenceTensor(x.dtype, x.dims, out)];
};
