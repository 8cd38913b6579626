import {
  allocate,
  axisOf,
  type ReferenceTensor,
  reshape,
  sizeOf,
  splitAt,
  stridesOf,
  tensorOf,
} from "../../float64/tensor.js";
import { type Rule, type RuleTable, unsupported } from "../../rules/reference-rule.js";

function shapeTensor(values: readonly number[]): ReferenceTensor {
  return tensorOf("int64", [values.length], values);
}

const reshapeRule: Rule = (c) => {
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

const flatten: Rule = (c) => {
  const x = c.input(0);
  const named = c.int("axis", 1);
  const axis = named < 0 ? named + x.dims.length : named;
  return [reshape(x, [sizeOf(x.dims.slice(0, axis)), sizeOf(x.dims.slice(axis))])];
};

const squeeze: Rule = (c) => {
  const x = c.input(0);
  const axes = (c.ints("axes") ?? c.numbers(1))?.map((axis) => axisOf(axis, x.dims.length));
  return [
    reshape(
      x,
      x.dims.filter((dim, axis) => (axes === undefined ? dim !== 1 : !axes.includes(axis))),
    ),
  ];
};

const unsqueeze: Rule = (c) => {
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

const constant: Rule = (c) => {
  const tensor = c.tensor("value");
  if (tensor !== undefined) return [tensor];
  if (c.has("value_float")) return [tensorOf("float", [], [c.float("value_float", 0)])];
  if (c.has("value_int")) return [tensorOf("int64", [], [c.int("value_int", 0)])];
  const floats = c.floats("value_floats");
  if (floats !== undefined) return [tensorOf("float", [floats.length], floats)];
  const ints = c.ints("value_ints");
  return ints === undefined ? unsupported("it is not a tensor of numbers") : [shapeTensor(ints)];
};

const constantOfShape: Rule = (c) => {
  const dims = c.numbers(0) ?? [];
  const value = c.tensor("value");
  return [tensorOf(value?.dtype ?? "float", dims, allocate(sizeOf(dims)).fill(value?.data[0] ?? 0))];
};

const range: Rule = (c) => {
  const [start = 0, limit = 0, delta = 1] = [0, 1, 2].map((index) => c.input(index).data[0]);
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  const out = allocate(count);
  for (let i = 0; i < count; i++) out[i] = start + i * delta;
  return [tensorOf(c.input(0).dtype, [count], out)];
};

const oneHot: Rule = (c) => {
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
  return [tensorOf(values.dtype, dims, out)];
};

const eyeLike: Rule = (c) => {
  const x = c.input(0);
  const [rows = 1, columns = 1] = x.dims;
  if (c.has("dtype")) return unsupported("it names a type");
  const out = allocate(rows * columns);
  for (let row = 0; row < rows; row++) {
    const column = row + c.int("k", 0);
    if (column >= 0 && column < columns) out[row * columns + column] = 1;
  }
  return [tensorOf(x.dtype, x.dims, out)];
};

const nonZero: Rule = (c) => {
  const x = c.input(0);
  const places = Array.from(x.data.keys()).filter((index) => x.data[index] !== 0);
  const strides = stridesOf(x.dims);
  const coordinates = x.dims.map((dim, axis) =>
    places.map((place) => Math.floor(place / (strides[axis] ?? 1)) % dim),
  );
  return [tensorOf("int64", [x.dims.length, places.length], coordinates.flat())];
};

const shape: Rule = (c) => {
  const { dims } = c.input(0);
  return [shapeTensor(dims.slice(c.int("start", 0), c.has("end") ? c.int("end", 0) : undefined))];
};

const dropout: Rule = (c) => {
  const x = c.input(0);
  const training = c.opset >= 12 && (c.optional(2)?.data[0] ?? 0) !== 0;
  const ratio = c.optional(1)?.data[0] ?? c.float("ratio", 0.5);
  if ((training && ratio !== 0) || (c.opset < 7 && c.has("is_test") && c.int("is_test", 0) === 0))
    return unsupported("it is in training form");
  return [x, tensorOf("bool", x.dims, allocate(x.data.length).fill(1))];
};

/** Shapes, constants and what they are made with. */
export const shapes: RuleTable = {
  Identity: (c) => [c.input(0)],
  Dropout: dropout,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Reshape: reshapeRule,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Shape: shape,
  Size: (c) => [tensorOf("int64", [], [c.input(0).data.length])],
  Range: range,
  OneHot: oneHot,
  EyeLike: eyeLike,
  NonZero: nonZero,
};
