import { axisOf, type ReferenceTensor, referenceTensor, reshape, sizeOf } from "../../float64/tensor.js";
import type { FacetTable } from "../../rules/facet.js";
import type { ReferenceRule } from "../../rules/reference/rule.js";
import type { OPERATORS } from "./operators.js";

function shapeTensor(values: readonly number[]): ReferenceTensor {
  return referenceTensor("int64", [values.length], values);
}

const reshapeRule: ReferenceRule = (c) => {
  const x = c.input(0);
  const wanted = c.numbers(1) ?? c.ints("shape") ?? [];
  const copies = c.int("allowzero", 0) === 0;
  const dims = wanted.map((dim, axis) => (dim === 0 && copies ? (x.dims[axis] ?? 0) : dim));
  const rest = sizeOf(dims.filter((dim) => dim !== -1));
  return [
    reshape(
      x,
      dims.map((dim) => (dim === -1 ? (rest === 0 ? 0 : x.data.length / rest) : dim)),
    ),
  ];
};

const flatten: ReferenceRule = (c) => {
  const x = c.input(0);
  const named = c.int("axis", 1);
  const axis = named < 0 ? named + x.dims.length : named;
  return [reshape(x, [sizeOf(x.dims.slice(0, axis)), sizeOf(x.dims.slice(axis))])];
};

const squeeze: ReferenceRule = (c) => {
  const x = c.input(0);
  const axes = (c.ints("axes") ?? c.numbers(1))?.map((axis) => axisOf(axis, x.dims.length));
  return [
    reshape(
      x,
      x.dims.filter((dim, axis) => (axes === undefined ? dim !== 1 : !axes.includes(axis))),
    ),
  ];
};

const unsqueeze: ReferenceRule = (c) => {
  const x = c.input(0);
  const named = c.ints("axes") ?? c.numbers(1) ?? [];
  const rank = x.dims.length + named.length;
  const axes = new Set(named.map((axis) => axisOf(axis, rank)));
  let next = 0;
  return [
    reshape(
      x,
      Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : (x.dims[next++] ?? 1))),
    ),
  ];
};

const shape: ReferenceRule = (c) => {
  const { dims } = c.input(0);
  return [shapeTensor(dims.slice(c.int("start", 0), c.has("end") ? c.int("end", 0) : undefined))];
};

/** Shapes and sizes. */
export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  Flatten: flatten,
  Identity: (c) => [c.input(0)],
  Reshape: reshapeRule,
  Shape: shape,
  Size: (c) => [referenceTensor("int64", [], [c.input(0).data.length])],
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
};
