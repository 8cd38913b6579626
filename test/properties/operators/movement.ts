import { type Apply, at, type Dim, type Draft, knownAxis, replaced, sizeOf, type Var } from "./draft.js";

const transpose: Apply = (d, x) => {
  if (x.dims.length < 2) return undefined;
  const order = shuffled(d, x.dims.length);
  const moved = d.node(
    "Transpose",
    [x],
    order.map((axis) => x.dims[axis] ?? 1),
    [`perm = [${order.join(", ")}]`],
    x.kind,
  );
  if (d.chance(0.5)) return moved;
  // And back, behind something elementwise: the two cancel.
  const between = x.kind === "float" && d.chance(0.6) ? d.node("Relu", [moved], moved.dims) : moved;
  const back = x.dims.map((_, axis) => order.indexOf(axis));
  return d.node("Transpose", [between], x.dims, [`perm = [${back.join(", ")}]`], x.kind);
};

function shuffled(d: Draft, count: number): number[] {
  const left = Array.from({ length: count }, (_, axis) => axis);
  return Array.from({ length: count }, () => left.splice(d.pick(left.length), 1)[0] ?? 0);
}

/** The batch stays in front where it is a symbol. */
const reshape: Apply = (d, x) => {
  const [first = 1, ...others] = x.dims;
  if (x.dims.length === 0 || others.includes("N")) return undefined;
  const rest = sizeOf(others);
  const parts = d.one([
    [rest],
    [1, rest],
    ...[2, 3, 4].filter((part) => rest % part === 0).map((part) => [part, rest / part]),
  ]);
  const dims: Dim[] = [first, ...parts];
  const numbers =
    first === "N" ? [d.one([0, -1]), ...parts] : d.chance(0.3) ? [-1, ...parts] : [first, ...parts];
  return d.node("Reshape", [x, d.integers(numbers)], dims, [], x.kind);
};

/** The shape that exporters compute: Shape, Gather, Concat. */
const dynamicReshape: Apply = (d, x) => {
  const [first = 1, ...others] = x.dims;
  if (x.dims.length < 2 || others.includes("N")) return undefined;
  const shape = d.node("Shape", [x], [x.dims.length], [], "int64");
  const batch = d.node("Gather", [shape, d.integers([0], [])], [], ["axis = 0"], "int64");
  const row = d.node("Unsqueeze", [batch, d.integers([0])], [1], [], "int64");
  const to = d.node("Concat", [row, d.integers([-1])], [2], ["axis = 0"], "int64");
  return d.node("Reshape", [x, to], [first, sizeOf(others)], [], x.kind);
};

const flatten: Apply = (d, x) => {
  const [first = 1, ...others] = x.dims;
  if (x.dims.length === 0 || others.includes("N") || x.kind !== "float") return undefined;
  return d.node("Flatten", [x], [first, sizeOf(others)]);
};

const squeeze: Apply = (d, x) => {
  const axis = x.dims.indexOf(1);
  if (axis === -1) return undefined;
  return d.node("Squeeze", [x, d.integers([axis])], replaced(x.dims, axis), [], x.kind);
};

const unsqueeze: Apply = (d, x) => {
  if (x.dims.length > 4) return undefined;
  const axis = d.pick(x.dims.length + 1);
  const dims = [...x.dims.slice(0, axis), 1, ...x.dims.slice(axis)];
  return d.node("Unsqueeze", [x, d.integers([d.chance(0.3) ? axis - dims.length : axis])], dims, [], x.kind);
};

const expand: Apply = (d, x) => {
  const to = x.dims.map((dim) => (dim === "N" ? 1 : dim === 1 && d.chance(0.6) ? 3 : dim));
  const dims = x.dims.map((dim, axis) => (dim === "N" ? dim : (to[axis] ?? 1)));
  return x.dims.length === 0 ? undefined : d.node("Expand", [x, d.integers(to)], dims, [], x.kind);
};

const tile: Apply = (d, x) => {
  const repeats = x.dims.map((dim) => (dim !== "N" && d.chance(0.2) ? 2 : 1));
  if (x.dims.length === 0) return undefined;
  const dims = x.dims.map((dim, axis) => (dim === "N" ? dim : dim * (repeats[axis] ?? 1)));
  return d.node("Tile", [x, d.integers(repeats)], dims, [], x.kind);
};

const slice: Apply = (d, x) => {
  const axis = knownAxis(d, x.dims);
  const size = axis === undefined ? undefined : at(x.dims, axis);
  if (axis === undefined || size === undefined) return undefined;
  if (d.chance(0.2)) {
    const reversed = [[-1], [-(2 ** 31)], [axis], [-1]].map((values) => d.integers(values));
    return d.node("Slice", [x, ...reversed], x.dims, [], x.kind);
  }
  const start = d.pick(size);
  const end = d.chance(0.4) ? 2 ** 31 : start + 1 + d.pick(size - start);
  const step = d.one([1, 1, 2]);
  const length = Math.ceil((Math.min(end, size) - start) / step);
  const numbers = [[d.chance(0.3) ? start - size : start], [end], [axis], [step]];
  return d.node(
    "Slice",
    [x, ...numbers.map((values) => d.integers(values))],
    replaced(x.dims, axis, length),
    [],
    x.kind,
  );
};

const pad: Apply = (d, x) => {
  if (x.kind !== "float" || x.dims.length < 2) return undefined;
  const mode = d.one(["constant", "constant", "edge", "reflect"]);
  const sides = [0, 1].map(() =>
    x.dims.map((dim) => (typeof dim === "number" && dim > 2 && d.chance(0.3) ? 1 : 0)),
  );
  const [before = [], after = []] = sides;
  const dims = x.dims.map((dim, axis) =>
    dim === "N" ? dim : dim + (before[axis] ?? 0) + (after[axis] ?? 0),
  );
  const value = mode === "constant" && d.chance(0.3) ? [d.all([], 0.5)] : [];
  return d.node("Pad", [x, d.integers([...before, ...after]), ...value], dims, [`mode = "${mode}"`]);
};

/** Cut apart; at times joined again. */
const split: Apply = (d, x) => {
  const axis = knownAxis(d, x.dims);
  const size = axis === undefined ? undefined : at(x.dims, axis);
  if (axis === undefined || size === undefined || size < 2) return undefined;
  const first = 1 + d.pick(size - 1);
  const parts = [first, size - first].map(
    (length): Var => ({ name: d.fresh(), kind: x.kind, dims: replaced(x.dims, axis, length) }),
  );
  const sizes = d.integers([first, size - first]);
  d.line(`${parts.map(({ name }) => name).join(", ")} = Split <axis = ${axis}> (${x.name}, ${sizes})`, [x]);
  if (d.chance(0.5)) return parts;
  const order = d.chance(0.6) ? parts : [...parts].reverse();
  return d.node("Concat", order, x.dims, [`axis = ${axis}`], x.kind);
};

const concat: Apply = (d, x) => {
  const axis = knownAxis(d, x.dims);
  const size = axis === undefined ? undefined : at(x.dims, axis);
  if (axis === undefined || size === undefined) return undefined;
  return d.node("Concat", [x, d.beside(x)], replaced(x.dims, axis, 2 * size), [`axis = ${axis}`], x.kind);
};

const gather: Apply = (d, x) => {
  const axis = knownAxis(d, x.dims);
  const size = axis === undefined ? undefined : at(x.dims, axis);
  if (axis === undefined || size === undefined) return undefined;
  const count = d.pick(3) + 1;
  const numbers = Array.from({ length: count }, () => d.pick(2 * size) - size);
  if (count === 1 && d.chance(0.5)) {
    return d.node("Gather", [x, d.integers(numbers, [])], replaced(x.dims, axis), [`axis = ${axis}`], x.kind);
  }
  return d.node(
    "Gather",
    [x, d.integers(numbers)],
    replaced(x.dims, axis, count),
    [`axis = ${axis}`],
    x.kind,
  );
};

/** Elements by indices of the same rank; the sizes of the other axes must be known. */
const gatherElements: Apply = (d, x) => {
  const axis = knownAxis(d, x.dims);
  const size = axis === undefined ? undefined : at(x.dims, axis);
  if (axis === undefined || size === undefined || x.kind !== "float") return undefined;
  const dims = x.dims.map((dim, i) => (dim === "N" ? 1 : i === axis ? 2 : Math.min(dim, 2)));
  const numbers = Array.from({ length: sizeOf(dims) }, () => d.pick(size));
  const indices = d.integers(numbers, dims);
  if (d.chance(0.5)) return d.node("GatherElements", [x, indices], dims, [`axis = ${axis}`]);
  // Each element once, because the order of two writes to one element is undefined.
  const rows = dims.map((_, i) => (i === axis ? 1 : (dims[i] ?? 1)));
  const at0 = d.integers(
    Array.from({ length: sizeOf(rows) }, () => d.pick(size)),
    rows,
  );
  return d.node("ScatterElements", [x, at0, d.floats(rows)], x.dims, [`axis = ${axis}`]);
};

const scatterRows: Apply = (d, x) => {
  const rows = at(x.dims, 0);
  const rest = x.dims.slice(1);
  if (rows === undefined || x.kind !== "float" || rest.includes("N")) return undefined;
  const sizes = rest.flatMap((dim) => (dim === "N" ? [] : [dim]));
  const index = d.integers([d.pick(rows)], [1, 1]);
  if (d.chance(0.5)) return d.node("GatherND", [x, index], [1, ...rest]);
  return d.node("ScatterND", [x, index, d.floats([1, ...sizes])], x.dims);
};

const triangle: Apply = (d, x) => {
  if (x.dims.length < 2 || x.kind !== "float" || d.opset < 14) return undefined;
  return d.node("Trilu", [x], x.dims, [`upper = ${d.pick(2)}`]);
};

const shapeOf: Apply = (d, x) => {
  const attributes = d.opset >= 15 && x.dims.length > 1 && d.chance(0.4) ? ["start = 1"] : [];
  const shape = d.node("Shape", [x], [x.dims.length - attributes.length], attributes, "int64");
  if (d.chance(0.5) || x.dims.length === 0) return shape;
  const filled = d.node("ConstantOfShape", [d.node("Shape", [x], [x.dims.length], [], "int64")], x.dims, [
    "value = float[1] {0.5}",
  ]);
  return x.kind === "float" ? [shape, d.node("Mul", [x, filled], x.dims)] : shape;
};

export const MOVEMENT: readonly Apply[] = [
  transpose,
  reshape,
  dynamicReshape,
  slice,
  split,
  concat,
  gather,
  transpose,
  flatten,
  squeeze,
  unsqueeze,
  expand,
  tile,
  pad,
  gatherElements,
  scatterRows,
  triangle,
  shapeOf,
];
