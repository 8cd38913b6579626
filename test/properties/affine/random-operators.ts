import type { Dim, Draft, Var } from "./random-graph.js";

/** Adds one node, or a few; undefined where it does not apply to the value. */
export type Apply = (draft: Draft, x: Var) => Var | readonly Var[] | undefined;

const at = (dims: readonly Dim[], axis: number): number | undefined => {
  const dim = dims[axis];
  return typeof dim === "number" ? dim : undefined;
};

function replaced(dims: readonly Dim[], axis: number, dim: Dim): Dim[] {
  return dims.map((old, i) => (i === axis ? dim : old));
}

const convolution: Apply = (d, x) => {
  const channels = at(x.dims, 1);
  if (channels === undefined || x.dims.length < 3 || x.dims.slice(2).includes("N")) return undefined;
  const spatial = x.dims.slice(2).map((_, i) => at(x.dims, i + 2) ?? 1);
  const group = channels % 2 === 0 && d.chance(0.3) ? (d.chance(0.5) ? 2 : channels) : 1;
  const outputs = group * (d.pick(3) + 1);
  const kernel = spatial.map((length) => (length >= 3 && d.chance(0.5) ? 3 : 1));
  const pad = d.chance(0.4);
  const stride = d.chance(0.25) ? 2 : 1;
  const pads = kernel.map((taps) => (pad && taps === 3 ? 1 : 0));
  const inputs: (Var | string)[] = [x, d.constant([outputs, channels / group, ...kernel])];
  if (d.chance(0.6)) inputs.push(d.constant([outputs]));
  const sizes = spatial.map((length, i) =>
    Math.floor((length + 2 * (pads[i] ?? 0) - (kernel[i] ?? 1)) / stride + 1),
  );
  return d.node(
    "Conv",
    inputs,
    [x.dims[0] ?? 1, outputs, ...sizes],
    [
      `group = ${group}`,
      `pads = [${[...pads, ...pads].join(", ")}]`,
      `strides = [${kernel.map(() => stride).join(", ")}]`,
    ],
  );
};

/** A pointwise Conv whose weight is stored in eight bits. */
const quantized: Apply = (d, x) => {
  const channels = at(x.dims, 1);
  if (channels === undefined || x.dims.length !== 4 || x.dims.slice(2).includes("N")) return undefined;
  const outputs = d.pick(4) + 1;
  const bytes = Array.from({ length: outputs * channels }, () => d.pick(200) - 100).join(", ");
  const q = d.raw((name) => `int8[${outputs},${channels},1,1] ${name} = {${bytes}}`);
  const perChannel = d.chance(0.5);
  const scale = d.constant(perChannel ? [outputs] : [], { low: 0.005, high: 0.01 });
  const weight = d.node("DequantizeLinear", [q, scale], [outputs, channels, 1, 1], ["axis = 0"]);
  const inputs: (Var | string)[] = [x, weight];
  if (d.chance(0.6)) inputs.push(d.constant([outputs]));
  return d.node("Conv", inputs, replaced(x.dims, 1, outputs));
};

const transposed: Apply = (d, x) => {
  const channels = at(x.dims, 1);
  if (channels === undefined || x.dims.length < 3 || x.dims.slice(2).includes("N")) return undefined;
  const spatial = x.dims.slice(2).map((_, i) => at(x.dims, i + 2) ?? 1);
  const group = channels % 2 === 0 && d.chance(0.4) ? 2 : 1;
  const perGroup = d.pick(3) + 1;
  const inputs: (Var | string)[] = [x, d.constant([channels, perGroup, ...spatial.map(() => 2)])];
  if (d.chance(0.6)) inputs.push(d.constant([perGroup * group]));
  return d.node(
    "ConvTranspose",
    inputs,
    [x.dims[0] ?? 1, perGroup * group, ...spatial.map((length) => length + 1)],
    [`group = ${group}`],
  );
};

const gemm: Apply = (d, x) => {
  if (x.dims.length !== 2) return undefined;
  const transA = x.dims[0] !== "N" && d.chance(0.3);
  const [rows, depth] = transA ? [x.dims[1] ?? 1, at(x.dims, 0)] : [x.dims[0] ?? 1, at(x.dims, 1)];
  if (depth === undefined) return undefined;
  const columns = d.pick(5) + 1;
  const transB = d.chance(0.5);
  const inputs: (Var | string)[] = [x, d.constant(transB ? [columns, depth] : [depth, columns])];
  const shapes: number[][] = [[columns], [1, columns], [1], [], [1, 1]];
  if (typeof rows === "number") shapes.push([rows, 1], [rows, columns]);
  if (d.chance(0.7)) inputs.push(d.constant(d.one(shapes)));
  return d.node(
    "Gemm",
    inputs,
    [rows, columns],
    [
      `transA = ${transA ? 1 : 0}`,
      `transB = ${transB ? 1 : 0}`,
      ...(d.chance(0.5) ? ["alpha = 0.5"] : []),
      ...(d.chance(0.5) ? ["beta = 1.5"] : []),
    ],
  );
};

const matmul: Apply = (d, x) => {
  const last = x.dims.length - 1;
  const left = x.dims.length >= 2 && d.chance(0.3);
  const depth = at(x.dims, left ? last - 1 : last);
  if (depth === undefined || x.dims.length < 1) return undefined;
  const other = d.pick(5) + 1;
  return left
    ? d.node("MatMul", [d.constant([other, depth]), x], replaced(x.dims, last - 1, other))
    : d.node("MatMul", [x, d.constant([depth, other])], replaced(x.dims, last, other));
};

/** A product of two values that are computed, scaled by a number or along an axis, as attention's scores are. */
const scores: Apply = (d, x) => {
  const last = x.dims.length - 1;
  const [steps, depth] = [at(x.dims, last - 1), at(x.dims, last)];
  if (last < 1 || steps === undefined || depth === undefined) return undefined;
  const width = d.pick(3) + 1;
  const project = (): Var => {
    const product = d.node("MatMul", [x, d.constant([depth, width])], replaced(x.dims, last, width));
    return d.chance(0.5) ? d.node("Add", [product, d.constant([width])], product.dims) : product;
  };
  const [queries, keys] = [project(), project()];
  const perm = x.dims.map((_, axis) => (axis < last - 1 ? axis : 2 * last - 1 - axis));
  const turned = [...x.dims.slice(0, -2), width, steps];
  const turnedKeys = d.node("Transpose", [keys], turned, [`perm = [${perm.join(", ")}]`]);
  const product = d.node("MatMul", [queries, turnedKeys], replaced(x.dims, last, steps));
  const axis = d.one(x.dims.flatMap((dim, i) => (typeof dim === "number" ? [i] : [])));
  const along = [at(product.dims, axis) ?? 1, ...product.dims.slice(axis + 1).map(() => 1)];
  const k = d.constant(d.chance(0.4) ? [] : along, { low: -1.5, high: 1.5 });
  return d.node(d.chance(0.8) ? "Mul" : "Div", [product, k], product.dims);
};

const normalize: Apply = (d, x) => {
  const channels = at(x.dims, 1);
  if (channels === undefined) return undefined;
  const gamma = d.chance(0.6) ? { low: 0.5, high: 1.5 } : { low: -1.5, high: 1.5 };
  const parameters = [gamma, {}, {}, { low: 0.5, high: 2 }].map((values) => d.constant([channels], values));
  return d.node("BatchNormalization", [x, ...parameters], x.dims);
};

const arithmetic: Apply = (d, x) => {
  const axes = x.dims.flatMap((dim, axis) => (typeof dim === "number" ? [axis] : []));
  const along = axes.length > 0 && d.chance(0.8) ? d.one(axes) : undefined;
  const dims =
    along === undefined
      ? d.one([[], x.dims.length > 0 ? [1] : []])
      : [at(x.dims, along) ?? 1, ...x.dims.slice(along + 1).map(() => 1)];
  const opType = d.one(["Mul", "Add", "Sub", "Div", "Mul", "Add"]);
  const positive = opType === "Div" || d.chance(0.5);
  const k = d.constant(dims, positive ? { low: 0.5, high: 1.5 } : {});
  return d.node(opType, opType !== "Div" && d.chance(0.4) ? [k, x] : [x, k], x.dims);
};

/** A value of the same shape, the latest first; `x` itself rarely. */
function partner(d: Draft, x: Var): Var | undefined {
  const fitting = d.values.filter((value) => value.dims.join() === x.dims.join() && value !== x);
  return d.chance(0.1) ? x : (fitting.at(-1 - d.pick(2)) ?? fitting.at(-1));
}

const binary: Apply = (d, x) => {
  const y = partner(d, x);
  if (y === undefined) return undefined;
  return d.node(
    d.one(["Add", "Add", "Sub", "Mul", "Sum", "Max", "Min"]),
    d.chance(0.5) ? [x, y] : [y, x],
    x.dims,
  );
};

const sum: Apply = (d, x) => {
  const [y, z] = [partner(d, x), partner(d, x)];
  return y === undefined || z === undefined ? undefined : d.node("Sum", [x, y, z], x.dims);
};

const branches: Apply = (d, x) => {
  const [left, right] = [convolution(d, x), convolution(d, x)];
  if (left === undefined || right === undefined || Array.isArray(left) || Array.isArray(right))
    return undefined;
  return [left, right] as readonly Var[];
};

const concat: Apply = (d, x) => {
  const axes = x.dims.flatMap((dim, axis) => (typeof dim === "number" ? [axis] : []));
  if (axes.length === 0) return undefined;
  const axis = d.chance(0.7) && axes.includes(1) ? 1 : d.one(axes);
  const others = d.values.filter(
    ({ dims }) =>
      dims.length === x.dims.length &&
      typeof dims[axis] === "number" &&
      dims.every((dim, i) => i === axis || dim === x.dims[i]),
  );
  const y = others.at(-1 - d.pick(3)) ?? x;
  const parts: (Var | string)[] = d.chance(0.5) ? [x, y] : [y, x];
  let length = (at(x.dims, axis) ?? 0) + (at(y.dims, axis) ?? 0);
  if (!x.dims.includes("N") && d.chance(0.2)) {
    parts.push(d.constant(x.dims.map((dim) => Number(dim))));
    length += at(x.dims, axis) ?? 0;
  }
  return d.node("Concat", parts, replaced(x.dims, axis, length), [
    `axis = ${d.chance(0.3) ? axis - x.dims.length : axis}`,
  ]);
};

const reshape: Apply = (d, x) => {
  const { dims } = x;
  const views: Dim[][] = [];
  if (dims.length >= 3) views.push([...dims.slice(0, -2), mul(dims.at(-2), dims.at(-1))].filter(known));
  if (dims.length >= 3) views.push([mul(dims[0], dims[1]), ...dims.slice(2)].filter(known));
  dims.forEach((dim, axis) => {
    if (typeof dim !== "number" || dim % 2 !== 0) return;
    views.push([...dims.slice(0, axis), 2, dim / 2, ...dims.slice(axis + 1)]);
    views.push([...dims.slice(0, axis), dim / 2, 2, ...dims.slice(axis + 1)]);
  });
  if (dims.length >= 3 && typeof dims[1] === "number" && typeof dims[2] === "number") {
    views.push([dims[0] ?? 1, dims[2], dims[1], ...dims.slice(3)]);
  }
  const fit = views.filter((view) => view.length <= 5 && view.filter((dim) => dim === "N").length <= 1);
  if (fit.length === 0) return undefined;
  const view = d.one(fit);
  const hidden = view.indexOf("N");
  const shape = view.map((dim, i) =>
    i === hidden ? (i === 0 && dims[0] === "N" && d.chance(0.5) ? 0 : -1) : Number(dim),
  );
  // A product with the batch in it is written as -1, and its size is not a plain symbol any more.
  return size(view) === size(dims) ? d.node("Reshape", [x, d.integers(shape)], view) : undefined;
};

function size(dims: readonly Dim[]): number {
  return dims.reduce<number>((total, dim) => total * (dim === "N" ? 7 : dim), 1);
}

function mul(a: Dim | undefined, b: Dim | undefined): Dim | undefined {
  return typeof a === "number" && typeof b === "number" ? a * b : undefined;
}

function known(dim: Dim | undefined): dim is Dim {
  return dim !== undefined;
}

const flatten: Apply = (d, x) => {
  if (x.dims.length < 2 || x.dims.slice(1).includes("N")) return undefined;
  const width = x.dims.slice(1).reduce<number>((total, dim) => total * Number(dim), 1);
  return d.node("Flatten", [x], [x.dims[0] ?? 1, width]);
};

const unsqueeze: Apply = (d, x) => {
  if (x.dims.length > 4) return undefined;
  const axis = d.pick(x.dims.length + 1);
  return d.node("Unsqueeze", [x, d.integers([axis])], [...x.dims.slice(0, axis), 1, ...x.dims.slice(axis)]);
};

const squeeze: Apply = (d, x) => {
  const axis = x.dims.indexOf(1);
  if (axis < 0 || x.dims.length < 2) return undefined;
  return d.node(
    "Squeeze",
    [x, d.integers([axis])],
    x.dims.filter((_, i) => i !== axis),
  );
};

const transpose: Apply = (d, x) => {
  const perm = [...x.dims.keys()];
  for (let i = perm.length - 1; i > 0; i--) {
    const j = d.pick(i + 1);
    [perm[i], perm[j]] = [perm[j] ?? 0, perm[i] ?? 0];
  }
  return d.node(
    "Transpose",
    [x],
    perm.map((axis) => x.dims[axis] ?? 1),
    [`perm: ints = [${perm.join(", ")}]`],
  );
};

const pool: Apply = (d, x) => {
  if (x.dims.length < 3 || x.dims.slice(1).some((dim) => dim === "N" || dim < 1)) return undefined;
  const opType = d.one(["MaxPool", "AveragePool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"]);
  const spatial = x.dims.slice(2).map(Number);
  if (opType.startsWith("Global"))
    return d.node(opType, [x], [...x.dims.slice(0, 2), ...spatial.map(() => 1)]);
  if (spatial.some((length) => length < 2)) return undefined;
  const pad = d.chance(0.4) ? 1 : 0;
  const ceil = d.chance(0.25);
  const round = ceil ? Math.ceil : Math.floor;
  const counted = opType === "AveragePool" && d.chance(0.5);
  // A last window that starts behind the data counts differently from version to version.
  const sizes = spatial.map((length) => round((length + 2 * pad - 2) / 2) + 1);
  if (ceil && spatial.some((length, i) => ((sizes[i] ?? 1) - 1) * 2 >= length + pad)) return undefined;
  return d.node(
    opType,
    [x],
    [...x.dims.slice(0, 2), ...sizes],
    [
      `kernel_shape = [${spatial.map(() => 2).join(", ")}]`,
      `strides = [${spatial.map(() => 2).join(", ")}]`,
      `pads = [${[...spatial, ...spatial].map(() => pad).join(", ")}]`,
      ...(ceil ? ["ceil_mode = 1"] : []),
      ...(counted ? ["count_include_pad = 1"] : []),
    ],
  );
};

const reduce: Apply = (d, x) => {
  const axes = x.dims.flatMap((dim, axis) => (typeof dim === "number" ? [axis] : []));
  if (axes.length === 0 || x.dims.length < 2) return undefined;
  const axis = d.one(axes);
  const keep = d.chance(0.5);
  const opType = d.one(["ReduceMean", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum"]);
  const dims = keep ? replaced(x.dims, axis, 1) : x.dims.filter((_, i) => i !== axis);
  const given = d.chance(0.3) ? axis - x.dims.length : axis;
  const attributes = [`keepdims = ${keep ? 1 : 0}`];
  const asInput = opType === "ReduceSum" || d.opset >= 18;
  return asInput
    ? d.node(opType, [x, d.integers([given])], dims, attributes)
    : d.node(opType, [x], dims, [...attributes, `axes = [${given}]`]);
};

const resize: Apply = (d, x) => {
  if (x.dims.length !== 4 || x.dims.slice(1).includes("N")) return undefined;
  const mode = d.one(["nearest", "linear", "cubic"]);
  const channel = mode === "nearest" && d.chance(0.3) ? d.one([1.125, 2]) : 1;
  const scales = [1, channel, 2, d.one([1, 2, 1.5])];
  const dims = x.dims.map((dim, i) => (i === 0 ? dim : Math.floor(Number(dim) * (scales[i] ?? 1))));
  const k = d.raw((name) => `float[4] ${name} = {${scales.map((scale) => scale.toFixed(3)).join(", ")}}`);
  return d.node("Resize", [x, '""', k], dims, [`mode = "${mode}"`, `nearest_mode = "floor"`]);
};

const pad: Apply = (d, x) => {
  const axis = d.pick(x.dims.length);
  const length = at(x.dims, axis);
  if (length === undefined || length < 2) return undefined;
  const pads = [...x.dims, ...x.dims].map((_, i) => (i % x.dims.length === axis ? 1 : 0));
  const mode = d.one(["constant", "constant", "reflect", "edge"]);
  const inputs: (Var | string)[] = [x, d.integers(pads)];
  if (mode === "constant" && d.chance(0.4)) inputs.push(d.constant([]));
  return d.node("Pad", inputs, replaced(x.dims, axis, length + 2), [`mode = "${mode}"`]);
};

const spaceToDepth: Apply = (d, x) => {
  const [c, h, w] = [at(x.dims, 1), at(x.dims, 2), at(x.dims, 3)];
  if (x.dims.length !== 4 || c === undefined || h === undefined || w === undefined) return undefined;
  if (h % 2 !== 0 || w % 2 !== 0) return undefined;
  return d.node("SpaceToDepth", [x], [x.dims[0] ?? 1, c * 4, h / 2, w / 2], ["blocksize = 2"]);
};

const depthToSpace: Apply = (d, x) => {
  const [c, h, w] = [at(x.dims, 1), at(x.dims, 2), at(x.dims, 3)];
  if (x.dims.length !== 4 || c === undefined || h === undefined || w === undefined) return undefined;
  if (c % 4 !== 0) return undefined;
  const attributes = ["blocksize = 2", `mode = "${d.one(["DCR", "CRD"])}"`];
  return d.node("DepthToSpace", [x], [x.dims[0] ?? 1, c / 4, h * 2, w * 2], attributes);
};

const slice: Apply = (d, x) => {
  const axis = d.pick(x.dims.length);
  const length = at(x.dims, axis);
  if (length === undefined || length < 2) return undefined;
  const [start, end, step] = d.one([
    [0, length - 1, 1],
    [1, length, 1],
    [-1, -length - 1, -1],
    [0, length, 2],
  ]) as readonly [number, number, number];
  const left = step === 2 ? Math.ceil(length / 2) : step === -1 ? length : length - 1;
  const bounds = [[start], [end], [axis], [step]].map((values) => d.integers(values));
  return d.node("Slice", [x, ...bounds], replaced(x.dims, axis, left));
};

const gather: Apply = (d, x) => {
  const axis = d.pick(x.dims.length);
  const length = at(x.dims, axis);
  if (length === undefined) return undefined;
  const indices = d.chance(0.5)
    ? { name: d.integers([length - 1, 0]), dims: [2] }
    : { name: d.raw((name) => `int64 ${name} = {0}`), dims: [] };
  return d.node(
    "Gather",
    [x, indices.name],
    [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)],
    [`axis = ${axis}`],
  );
};

const split: Apply = (d, x) => {
  const axes = x.dims.flatMap((dim, axis) => (typeof dim === "number" && dim >= 2 ? [axis] : []));
  if (axes.length === 0) return undefined;
  const axis = d.one(axes);
  const length = at(x.dims, axis) ?? 2;
  const first = 1 + d.pick(length - 1);
  const names = [d.fresh(), d.fresh()];
  const sizes = d.integers([first, length - first]);
  d.line(`${names.join(", ")} = Split <axis = ${axis}> (${x.name}, ${sizes})`, [x]);
  return names.map((name, i) => ({ name, dims: replaced(x.dims, axis, i === 0 ? first : length - first) }));
};

const expand: Apply = (d, x) => {
  const axis = x.dims.indexOf(1);
  if (axis < 0) return undefined;
  const dims = replaced(x.dims, axis, 3);
  return d.node("Expand", [x, d.integers(dims.map((dim) => (dim === "N" ? 1 : dim)))], dims);
};

const tile: Apply = (d, x) => {
  const axis = d.pick(x.dims.length);
  const length = at(x.dims, axis);
  if (length === undefined) return undefined;
  const repeats = x.dims.map((_, i) => (i === axis ? 2 : 1));
  return d.node("Tile", [x, d.integers(repeats)], replaced(x.dims, axis, length * 2));
};

const where: Apply = (d, x) => {
  const y = partner(d, x);
  if (y === undefined || x.dims.length === 0) return undefined;
  const length = at(x.dims, x.dims.length - 1);
  if (length === undefined) return undefined;
  const bits = Array.from({ length }, () => d.pick(2)).join(", ");
  const condition = d.raw((name) => `bool[${length}] ${name} = {${bits}}`);
  return d.node("Where", [condition, x, y], x.dims);
};

const activation: Apply = (d, x) => {
  const opType = d.one(["Relu", "Relu", "LeakyRelu", "PRelu", "Sigmoid", "Neg", "Identity", "Clip"]);
  if (opType === "LeakyRelu") return d.node(opType, [x], x.dims, ["alpha = 0.2"]);
  if (opType === "Clip") {
    const bounds = [d.constant([], { low: -1, high: -0.5 }), d.constant([], { low: 0.5, high: 1 })];
    return d.node(opType, [x, ...bounds], x.dims);
  }
  if (opType !== "PRelu") return d.node(opType, [x], x.dims);
  const channels = at(x.dims, 1);
  const full = channels === undefined || d.chance(0.3);
  const slope = d.constant(full ? [1] : [channels, ...x.dims.slice(2).map(() => 1)]);
  return x.dims.length === 0 ? undefined : d.node(opType, [x, slope], x.dims);
};

/** onnxruntime 1.30 loses a value between two Casts in a row that a body reads, hence the product between them. */
const cast: Apply = (d, x) => {
  const wide = d.node("Cast", [x], x.dims, ["to = 11"]);
  const k = d.raw((name) => `double ${name} = {${d.one(["0.3", "-1.7"])}}`);
  const scaled = d.node(d.one(["Mul", "Add"]), [wide, k], x.dims);
  return d.node("Cast", [scaled], x.dims, ["to = 1"]);
};

const instance: Apply = (d, x) => {
  const channels = at(x.dims, 1);
  if (channels === undefined || x.dims.length < 3 || x.dims.slice(2).includes("N")) return undefined;
  // Over one element the variance is zero, and rounding is all that is left.
  if (x.dims.slice(2).reduce<number>((total, dim) => total * Number(dim), 1) < 4) return undefined;
  return d.node("InstanceNormalization", [x, d.constant([channels]), d.constant([channels])], x.dims, [
    "epsilon = 0.1",
  ]);
};

const layer: Apply = (d, x) => {
  const last = at(x.dims, x.dims.length - 1);
  if (last === undefined || last < 3 || d.opset < 17) return undefined;
  const inputs: (Var | string)[] = [x, d.constant([last])];
  if (d.chance(0.6)) inputs.push(d.constant([last]));
  return d.node("LayerNormalization", inputs, x.dims, ["axis = -1", "epsilon = 0.1"]);
};

const group: Apply = (d, x) => {
  const channels = at(x.dims, 1);
  if (channels === undefined || channels % 2 !== 0 || x.dims.length < 3 || d.opset < 18) return undefined;
  if (x.dims.slice(2).includes("N")) return undefined;
  if (x.dims.slice(2).reduce<number>((total, dim) => total * Number(dim), 1) < 4) return undefined;
  const parameters = d.opset < 21 ? 2 : channels;
  const inputs = [x, d.constant([parameters]), d.constant([parameters])];
  return d.node("GroupNormalization", inputs, x.dims, ["num_groups = 2", "epsilon = 0.1"]);
};

/** Rows of a constant table, picked by the graph's input, which no rewrite changes. */
const table: Apply = (d) => {
  const [x] = d.values;
  const rows = x && at(x.dims, x.dims.length - 1);
  if (x === undefined || rows === undefined) return undefined;
  const width = d.pick(4) + 2;
  const picked = d.node("ArgMax", [x], x.dims.slice(0, -1), ["axis = -1", "keepdims = 0"]);
  return d.node("Gather", [d.constant([rows, width]), picked], [...picked.dims, width]);
};

/** Two ConvTransposes of one value, which an Add or Sub may join. */
const transposedBranches: Apply = (d, x) => {
  const channels = at(x.dims, 1);
  if (channels === undefined || x.dims.length < 3 || x.dims.slice(2).includes("N")) return undefined;
  const groups = channels % 2 === 0 && d.chance(0.4) ? 2 : 1;
  const perGroup = d.pick(3) + 1;
  const dims = [x.dims[0] ?? 1, perGroup * groups, ...x.dims.slice(2)];
  return [3, d.one([1, 3])].map((taps): Var => {
    const spatial = x.dims.slice(2).map(() => taps);
    const pads = [...spatial, ...spatial].map(() => (taps - 1) / 2);
    const inputs: (Var | string)[] = [x, d.constant([channels, perGroup, ...spatial])];
    if (d.chance(0.6)) inputs.push(d.constant([perGroup * groups]));
    return d.node("ConvTranspose", inputs, dims, [`group = ${groups}`, `pads = [${pads.join(", ")}]`]);
  });
};

/** Reads the shape only. */
const rebuild: Apply = (d, x) => {
  if (x.dims.length < 2) return undefined;
  const shape = d.node("Shape", [x], [x.dims.length]);
  return d.node("Reshape", [x, shape], x.dims);
};

/** A branch that reads a value around it, with a Conv-like product inside. */
const either: Apply = (d, x) => {
  const last = at(x.dims, x.dims.length - 1);
  if (last === undefined) return undefined;
  const [W, k] = [d.constant([last, last]), d.constant([last])];
  const condition = d.raw((name) => `bool ${name} = {1}`);
  const [y, a, b, c, e] = [d.fresh(), d.fresh(), d.fresh(), d.fresh(), d.fresh()];
  d.line(
    `${y} = If (${condition}) <then_branch = t () => (${b}) { ${a} = MatMul (${x.name}, ${W}) ${b} = Mul (${a}, ${k}) },` +
      ` else_branch = e () => (${e}) { ${c} = Relu (${x.name}) ${e} = MatMul (${c}, ${W}) }>`,
    [x],
  );
  return { name: y, dims: x.dims };
};

/** Recurrence over [T, B, C]; only the whole sequence is kept. */
const recurrent: Apply = (d, x) => {
  const depth = at(x.dims, 2);
  if (depth === undefined || x.dims.length !== 3 || x.dims[0] === "N") return undefined;
  const [opType, gates] = d.one([
    ["LSTM", 4],
    ["GRU", 3],
    ["RNN", 1],
  ] as const);
  const hidden = 2;
  const directions = d.chance(0.4) ? 2 : 1;
  const inputs: (Var | string)[] = [
    x,
    d.constant([directions, gates * hidden, depth]),
    d.constant([directions, gates * hidden, hidden]),
  ];
  if (d.chance(0.6)) inputs.push(d.constant([directions, 2 * gates * hidden]));
  return d.node(
    opType,
    inputs,
    [x.dims[0] ?? 1, directions, x.dims[1] ?? 1, hidden],
    [`hidden_size = ${hidden}`, `direction = "${directions === 2 ? "bidirectional" : "forward"}"`],
  );
};

/** In this order, several times over where more of one makes better graphs. */
export const OPERATORS: readonly Apply[] = [
  normalize,
  arithmetic,
  convolution,
  matmul,
  gemm,
  activation,
  binary,
  concat,
  reshape,
  transpose,
  pool,
  normalize,
  arithmetic,
  convolution,
  branches,
  flatten,
  reduce,
  transposed,
  normalize,
  sum,
  squeeze,
  unsqueeze,
  resize,
  pad,
  spaceToDepth,
  depthToSpace,
  slice,
  gather,
  split,
  expand,
  tile,
  where,
  cast,
  instance,
  layer,
  group,
  table,
  transposedBranches,
  binary,
  rebuild,
  either,
  recurrent,
  quantized,
  scores,
  normalize,
  arithmetic,
];
