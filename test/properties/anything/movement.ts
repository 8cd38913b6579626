import { type Apply, type Draft, isReal, of, replaced, sized, sizeOf, type Var } from "./draft.js";

/** An axis, and the same counted from the end at times where the opset has that. */
function axisOf(d: Draft, x: Var, negativeFrom = 11): readonly [axis: number, spelled: number] | undefined {
  if (x.dims.length === 0) return undefined;
  const axis = d.pick(x.dims.length);
  return [axis, d.opset >= negativeFrom && d.chance(0.3) ? axis - x.dims.length : axis];
}

/** A list as an attribute of older opsets and an input of newer ones. */
function listed(
  d: Draft,
  opType: string,
  x: Var,
  output: Omit<Var, "name">,
  {
    name,
    since,
    values,
  }: { readonly name: string; readonly since: number; readonly values: readonly number[] },
): Var {
  if (d.opset < since) return d.node(opType, [x], output, { [name]: values });
  return d.node(opType, [x, d.integers(...values)], output);
}

const transpose: Apply = (d, x) => {
  const perm = x.dims.map((_, axis) => axis);
  for (let i = perm.length - 1; i > 0; i--) {
    const j = d.pick(i + 1);
    [perm[i], perm[j]] = [perm[j] ?? 0, perm[i] ?? 0];
  }
  if (d.chance(0.15)) return d.node("Transpose", [x], sized(x, [...x.dims].reverse()));
  return d.node(
    "Transpose",
    [x],
    sized(
      x,
      perm.map((axis) => x.dims[axis] ?? 1),
    ),
    { perm },
  );
};

const reshape: Apply = (d, x) => {
  const size = sizeOf(x.dims);
  const lists = [[size], [1, size], x.dims, [...x.dims, 1], [1, ...x.dims]];
  const [first = 1, second = 1, ...rest] = x.dims;
  if (x.dims.length > 1) lists.push([first * second, ...rest]);
  for (const factor of [2, 3]) if (size % factor === 0) lists.push([factor, size / factor]);
  const dims = d.one(lists);
  const target = dims.map((dim, axis) => (dim !== 0 && dim === x.dims[axis] && d.chance(0.2) ? 0 : dim));
  const open = d.pick(dims.length * 2);
  if (size > 0 && open < target.length) target[open] = -1;
  if (size === 0 && dims.some((dim, axis) => dim === 0 && x.dims[axis] !== 0)) return undefined;
  return d.node("Reshape", [x, d.integers(...target)], sized(x, dims));
};

/** A target that is computed from the shape. */
const reshapeByShape: Apply = (d, x) => {
  const shape = d.node("Shape", [x], of("int64", [x.dims.length]));
  if (x.dims.length === 0 || x.dims.includes(0)) return shape;
  const [first = 1, ...rest] = x.dims;
  const one = d.node("Gather", [shape, d.integers(0)], of("int64", [1]), { axis: 0 });
  const target = d.node("Concat", [one, d.integers(-1)], of("int64", [2]), { axis: 0 });
  return d.node("Reshape", [x, target], sized(x, [first, sizeOf(rest)]));
};

const squeeze: Apply = (d, x) => {
  const axes = x.dims.flatMap((dim, axis) => (dim === 1 && d.chance(0.8) ? [axis] : []));
  if (axes.length === 0) return undefined;
  const dims = x.dims.filter((_, axis) => !axes.includes(axis));
  if (d.chance(0.2))
    return d.node(
      "Squeeze",
      [x],
      sized(
        x,
        x.dims.filter((dim) => dim !== 1),
      ),
    );
  return listed(d, "Squeeze", x, sized(x, dims), { name: "axes", since: 13, values: axes });
};

const unsqueeze: Apply = (d, x) => {
  const axis = d.pick(x.dims.length + 1);
  const spelled = d.opset >= 11 && d.chance(0.3) ? axis - x.dims.length - 1 : axis;
  const dims = [...x.dims.slice(0, axis), 1, ...x.dims.slice(axis)];
  return listed(d, "Unsqueeze", x, sized(x, dims), { name: "axes", since: 13, values: [spelled] });
};

const flatten: Apply = (d, x) => {
  if (d.opset < 9 && !isReal(x)) return undefined;
  const axis = d.pick(x.dims.length + 1);
  return d.node("Flatten", [x], sized(x, [sizeOf(x.dims.slice(0, axis)), sizeOf(x.dims.slice(axis))]), {
    axis,
  });
};

const expand: Apply = (d, x) => {
  if (d.opset < 8) return undefined;
  const dims = x.dims.map((dim) => (dim === 1 ? 1 + d.pick(3) : dim));
  const target = dims.map((dim) => (d.chance(0.2) && dim !== 0 ? 1 : dim));
  const made = x.dims.map((dim, axis) => (dim === 1 ? (target[axis] ?? 1) : dim));
  return d.node("Expand", [x, d.integers(...target)], sized(x, made));
};

const tile: Apply = (d, x) => {
  const repeats = x.dims.map(() => d.one([1, 1, 2, 0]));
  return d.node(
    "Tile",
    [x, d.integers(...repeats)],
    sized(
      x,
      x.dims.map((dim, axis) => dim * (repeats[axis] ?? 1)),
    ),
  );
};

const concat: Apply = (d, x) => {
  const found = axisOf(d, x);
  if (found === undefined) return undefined;
  const [axis, spelled] = found;
  const size = x.dims[axis] ?? 0;
  if (d.chance(0.2)) {
    const one = d.constant(x.dtype, replaced(x.dims, axis, d.pick(3)));
    return d.node("Concat", [x, one], sized(x, replaced(x.dims, axis, size + (one.dims[axis] ?? 0))), {
      axis: spelled,
    });
  }
  const parts = d.chance(0.15) ? [x] : [x, d.beside(x), x].slice(0, 2 + d.pick(2));
  return d.node("Concat", parts, sized(x, replaced(x.dims, axis, size * parts.length)), { axis: spelled });
};

const split: Apply = (d, x) => {
  const found = axisOf(d, x);
  if (found === undefined) return undefined;
  const [axis, spelled] = found;
  const size = x.dims[axis] ?? 0;
  const first = d.pick(size + 1);
  const lengths = [first, size - first];
  const parts = lengths.map(
    (length): Var => ({ ...x, name: d.fresh(), dims: replaced(x.dims, axis, length) }),
  );
  const outputs = parts.map(({ name }) => name).join(", ");
  if (d.opset < 13) d.line(outputs, "Split", [x], { axis: spelled, split: lengths });
  else d.line(outputs, "Split", [x, d.integers(...lengths)], { axis: spelled });
  return parts;
};

/** Forwards or, from opset 10 on, backwards, beyond the ends at times. */
const slice: Apply = (d, x) => {
  const found = axisOf(d, x, 10);
  if (found === undefined) return undefined;
  const [axis, spelled] = found;
  const size = x.dims[axis] ?? 0;
  const step = d.opset < 10 ? 1 : d.one([1, 1, 2, -1, -2]);
  const start = step > 0 ? d.pick(size + 1) : size - 1 - d.pick(size + 1);
  const end = step > 0 ? start + d.pick(size + 2) : start - d.pick(size + 2);
  const far = d.chance(0.2);
  const last = step > 0 ? Math.min(far ? size : end, size) : Math.max(far ? -1 : end, -1);
  const length = Math.max(0, Math.ceil((last - start) / step));
  const spelledEnd = step > 0 ? (far ? 2147483647 : end) : last < 0 ? -size - 1 - (far ? 2 ** 31 : 0) : last;
  if (start < 0) return undefined;
  // onnxruntime-faults.test.ts: a part of a symbolic size counts as the whole.
  if (d.symbolic && d.opset === 10 && length !== size) return undefined;
  const output = sized(x, replaced(x.dims, axis, length));
  if (d.opset < 10)
    return d.node("Slice", [x], output, { axes: [axis], starts: [start], ends: [spelledEnd] });
  const lists = [[start], [spelledEnd], [spelled], [step]].map((values) => d.integers(...values));
  return d.node("Slice", [x, ...lists.slice(0, step === 1 && d.chance(0.5) ? 3 : 4)], output);
};

const gather: Apply = (d, x) => {
  const found = axisOf(d, x);
  if (found === undefined) return undefined;
  const [axis, spelled] = found;
  const size = x.dims[axis] ?? 0;
  const dims = d.one([[], [1], [2], [0], [2, 1]]);
  if (size === 0 && sizeOf(dims) > 0) return undefined;
  const low = d.opset >= 11 ? -size : 0;
  const elements = Array.from({ length: sizeOf(dims) }, () => low + d.pick(size - low));
  const indices = d.constant(d.one(["int64", "int32"] as const), dims, elements);
  return d.node("Gather", [x, indices], sized(x, replaced(x.dims, axis, ...dims)), { axis: spelled });
};

const pad: Apply = (d, x) => {
  if (!isReal(x) || x.dims.length === 0 || x.dims.includes(0)) return undefined;
  const axis = d.pick(x.dims.length);
  const size = x.dims[axis] ?? 0;
  const mode = d.one(["constant", "constant", "edge", "reflect"]);
  const most = mode === "reflect" ? Math.min(2, size - 1) : 2;
  const [before, after] = [d.pick(most + 1), d.pick(most + 1) - (mode === "constant" && size > 1 ? 1 : 0)];
  const pads = [before, after].flatMap((n) => x.dims.map((_, i) => (i === axis ? n : 0)));
  const output = sized(x, replaced(x.dims, axis, size + before + after));
  if (d.opset < 11) return d.node("Pad", [x], output, { mode: `"${mode}"`, pads });
  const value = d.chance(0.4) && mode === "constant" ? [d.scalar(x.dtype, d.pick(2))] : [];
  return d.node("Pad", [x, d.integers(...pads), ...value], output, { mode: `"${mode}"` });
};

const blocks: Apply = (d, x) => {
  const [n, c, h, w] = x.dims;
  if (
    x.dims.length !== 4 ||
    n === undefined ||
    c === undefined ||
    h === undefined ||
    w === undefined ||
    !isReal(x)
  )
    return undefined;
  if (c % 4 === 0 && d.chance(0.5))
    return d.node("DepthToSpace", [x], sized(x, [n, c / 4, h * 2, w * 2]), { blocksize: 2 });
  if ((h % 2) + (w % 2) > 0) return undefined;
  return d.node("SpaceToDepth", [x], sized(x, [n, c * 4, h / 2, w / 2]), { blocksize: 2 });
};

const shape: Apply = (d, x) => {
  if (d.chance(0.3)) return d.node("Size", [x], of("int64", []));
  const made = d.node("Shape", [x], of("int64", [x.dims.length]));
  if (d.opset < 9 || x.dims.length === 0 || d.chance(0.4)) return made;
  return [made, d.node("ConstantOfShape", [made], of("float", x.dims))];
};

const range: Apply = (d, x) => {
  if (d.opset < 11 || x.dims.length === 0) return undefined;
  const [first = 0] = x.dims;
  const shapeOf = d.node("Shape", [x], of("int64", [x.dims.length]));
  const size = d.node("Gather", [shapeOf, d.scalar("int64", 0)], of("int64", []), { axis: 0 });
  return d.node("Range", [d.scalar("int64", 0), size, d.scalar("int64", 1)], of("int64", [first]));
};

const scatter: Apply = (d, x) => {
  const [first = 0, ...rest] = x.dims;
  if (d.opset < 11 || first === 0) return undefined;
  const indices = d.constant("int64", [1, 1], [d.pick(first)]);
  return d.node("ScatterND", [x, indices, d.constant(x.dtype, [1, ...rest])], x);
};

const elements: Apply = (d, x) => {
  const found = axisOf(d, x);
  if (found === undefined || d.opset < 11 || x.dims.includes(0)) return undefined;
  const [axis, spelled] = found;
  const size = x.dims[axis] ?? 0;
  const indices = d.constant(
    "int64",
    x.dims,
    Array.from({ length: sizeOf(x.dims) }, () => d.pick(size)),
  );
  return d.node("GatherElements", [x, indices], x, { axis: spelled });
};

const oneHot: Apply = (d, x) => {
  if (d.opset < 9 || x.dtype !== "int64" || x.dims.length === 0) return undefined;
  const output = of("float", [...x.dims, 3]);
  return d.node("OneHot", [x, d.scalar("int64", 3), d.constant("float", [2], [0, 1])], output);
};

const triangle: Apply = (d, x) => {
  if (d.opset < 14 || x.dims.length < 2) return undefined;
  return d.node("Trilu", [x, ...(d.chance(0.5) ? [d.scalar("int64", d.pick(3) - 1)] : [])], x, {
    upper: d.pick(2),
  });
};

/** There and back again. */
const twice: Apply = (d, x) => {
  const first = d.one([transpose, reshape, unsqueeze, flatten])(d, x);
  const [there] = first === undefined ? [] : [first].flat();
  if (there === undefined) return undefined;
  return d.one([transpose, reshape, squeeze, slice])(d, there) ?? there;
};

export const MOVEMENT: readonly Apply[] = [
  transpose,
  reshape,
  reshapeByShape,
  squeeze,
  unsqueeze,
  flatten,
  expand,
  tile,
  concat,
  split,
  slice,
  slice,
  gather,
  pad,
  blocks,
  shape,
  range,
  scatter,
  elements,
  oneHot,
  triangle,
  twice,
];
