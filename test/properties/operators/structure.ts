import { type Apply, at, type Dim, knownAxis, replaced, sizeOf, type Var } from "./draft.js";

const REDUCTIONS = [
  "ReduceSum",
  "ReduceMean",
  "ReduceMax",
  "ReduceMin",
  "ReduceL1",
  "ReduceL2",
  "ReduceSumSquare",
  "ReduceLogSumExp",
];

const reduce: Apply = (d, x) => {
  const axis = knownAxis(d, x.dims);
  if (axis === undefined || x.kind !== "float") return undefined;
  const opType = d.one(REDUCTIONS);
  const keep = d.pick(2);
  const axes = d.chance(0.3) ? axis - x.dims.length : axis;
  const asInput = opType === "ReduceSum" || d.opset >= 18;
  const dims = keep === 1 ? replaced(x.dims, axis, 1) : replaced(x.dims, axis);
  return d.node(opType, asInput ? [x, d.integers([axes])] : [x], dims, [
    `keepdims = ${keep}`,
    ...(asInput ? [] : [`axes = [${axes}]`]),
  ]);
};

const largest: Apply = (d, x) => {
  const axis = knownAxis(d, x.dims);
  if (axis === undefined || x.kind !== "float") return undefined;
  const dims = replaced(x.dims, axis, 1);
  return d.node(d.one(["ArgMax", "ArgMin"]), [x], dims, [`axis = ${axis}`], "int64");
};

const cumulate: Apply = (d, x) => {
  const axis = knownAxis(d, x.dims);
  if (axis === undefined || x.kind !== "float") return undefined;
  return d.node("CumSum", [x, d.integers([axis], [])], x.dims, [`reverse = ${d.pick(2)}`]);
};

const topK: Apply = (d, x) => {
  const last = at(x.dims, -1);
  if (last === undefined || last < 2 || x.kind !== "float") return undefined;
  // onnxruntime 1.30 ends the whole process on a TopK of no rows.
  if (x.dims.includes(0)) return undefined;
  const values: Var = { name: d.fresh(), kind: "float", dims: [...x.dims.slice(0, -1), 2] };
  d.line(`${values.name}, ${d.fresh()} = TopK (${x.name}, ${d.integers([2])})`, [x]);
  return values;
};

const matMul: Apply = (d, x) => {
  const last = at(x.dims, -1);
  if (last === undefined || x.dims.length < 2 || x.kind !== "float") return undefined;
  const columns = d.pick(4) + 2;
  const dims = replaced(x.dims, x.dims.length - 1, columns);
  const product = d.node("MatMul", [x, d.floats([last, columns])], dims);
  return d.chance(0.7) ? d.node("Add", [product, d.floats([columns])], dims) : product;
};

const gemm: Apply = (d, x) => {
  const [rows, depth] = x.dims;
  if (x.dims.length !== 2 || rows === undefined || typeof depth !== "number" || x.kind !== "float")
    return undefined;
  const [columns, transB] = [d.pick(4) + 2, d.pick(2)];
  const weight = d.floats(transB === 1 ? [columns, depth] : [depth, columns]);
  return d.node(
    "Gemm",
    [x, weight, ...(d.chance(0.6) ? [d.floats([columns])] : [])],
    [rows, columns],
    [`transB = ${transB}`],
  );
};

const conv: Apply = (d, x) => {
  const [batch = 1, channels, height, width] = x.dims;
  if (
    x.dims.length !== 4 ||
    typeof channels !== "number" ||
    typeof height !== "number" ||
    typeof width !== "number"
  )
    return undefined;
  if (x.kind !== "float" || height < 3 || width < 3) return undefined;
  const outputs = d.pick(4) + 1;
  const padded = d.pick(2);
  const dims: Dim[] = [batch, outputs, height - 2 + 2 * padded, width - 2 + 2 * padded];
  const attributes = [`pads = [${[padded, padded, padded, padded].join(", ")}]`];
  const y = d.node("Conv", [x, d.floats([outputs, channels, 3, 3])], dims, attributes);
  if (d.chance(0.5)) return y;
  const [scale, shift, mean] = [0, 1, 2].map(() => d.floats([outputs]));
  const variance = d.floats([outputs], { low: 0.5, high: 2 });
  return d.node("BatchNormalization", [y, scale ?? "", shift ?? "", mean ?? "", variance], dims);
};

const pool: Apply = (d, x) => {
  const [batch = 1, channels = 1, height, width] = x.dims;
  if (x.dims.length !== 4 || typeof height !== "number" || typeof width !== "number" || x.kind !== "float")
    return undefined;
  if (d.chance(0.3))
    return d.node(d.one(["GlobalAveragePool", "GlobalMaxPool"]), [x], [batch, channels, 1, 1]);
  if (height < 2 || width < 2) return undefined;
  const dims: Dim[] = [batch, channels, height - 1, width - 1];
  return d.node(d.one(["MaxPool", "AveragePool"]), [x], dims, ["kernel_shape = [2, 2]"]);
};

const depth: Apply = (d, x) => {
  const [batch = 1, channels, height, width] = x.dims;
  if (
    x.dims.length !== 4 ||
    typeof channels !== "number" ||
    typeof height !== "number" ||
    typeof width !== "number"
  )
    return undefined;
  if (channels % 4 !== 0 || x.kind !== "float") return undefined;
  const dims: Dim[] = [batch, channels / 4, height * 2, width * 2];
  if (d.chance(0.4))
    return d.node("DepthToSpace", [x], dims, ["blocksize = 2", `mode = "${d.one(["DCR", "CRD"])}"`]);
  if (batch === "N") return undefined;
  const blocks = d.node(
    "Reshape",
    [x, d.integers([batch, 2, 2, channels / 4, height, width])],
    [batch, 2, 2, channels / 4, height, width],
  );
  const moved = d.node(
    "Transpose",
    [blocks],
    [batch, channels / 4, height, 2, width, 2],
    ["perm = [0, 3, 4, 1, 5, 2]"],
  );
  return d.node("Reshape", [moved, d.integers([batch, channels / 4, 2 * height, 2 * width])], dims);
};

/** A branch that is known, or depends on the input p; both read values around them. */
const choose: Apply = (d, x) => {
  if (x.kind !== "float") return undefined;
  const name = d.fresh();
  const condition = d.chance(0.5) ? "p" : d.declare(name, `bool ${name} = {${d.pick(2)}}`);
  const k = d.floats([]);
  const [y, a, b, c] = [d.fresh(), d.fresh(), d.fresh(), d.fresh()];
  d.line(
    `${y} = If (${condition}) <then_branch = t () => (${b}) { ${a} = Relu (${x.name}) ${b} = Mul (${a}, ${k}) },` +
      ` else_branch = e () => (${c}) { ${c} = Add (${x.name}, ${k}) }>`,
    [x],
  );
  return { name: y, kind: "float", dims: x.dims };
};

/** No round, one, or two, over a carried value. */
const loop: Apply = (d, x) => {
  if (x.kind !== "float" || sizeOf(x.dims) > 200) return undefined;
  const count = d.integers([d.pick(3)], []);
  const [y, i, go, on, state, next, k] = [
    d.fresh(),
    d.fresh(),
    d.fresh(),
    d.fresh(),
    d.fresh(),
    d.fresh(),
    d.floats([]),
  ];
  const type = `float[${x.dims.join(",")}]`;
  d.line(
    `${y} = Loop (${count}, "", ${x.name}) <body = b (int64 ${i}, bool ${go}, ${type} ${state}) => (bool ${on}, ${type} ${next})` +
      ` { ${on} = Identity (${go}) ${next} = Add (${state}, ${k}) }>`,
    [x],
  );
  return { name: y, kind: "float", dims: x.dims };
};

const rows: Apply = (d, x) => {
  if (x.kind !== "int64") return undefined;
  const small = d.node("Clip", [x, d.integers([0], []), d.integers([3], [])], x.dims, [], "int64");
  if (d.chance(0.5)) return d.node("Gather", [d.floats([4, 3]), small], [...x.dims, 3]);
  const values = d.floats([2], { low: 0, high: 1 });
  return d.node("OneHot", [small, d.integers([4], []), values], [...x.dims, 4]);
};

const product: Apply = (d, x) => {
  const last = at(x.dims, -1);
  if (last === undefined || x.dims.length !== 3 || x.kind !== "float") return undefined;
  return d.node(
    "Einsum",
    [x, d.floats([last, 3])],
    [...x.dims.slice(0, -1), 3],
    ['equation = "bij,jk->bik"'],
  );
};

export const STRUCTURE: readonly Apply[] = [
  reduce,
  largest,
  matMul,
  cumulate,
  conv,
  topK,
  gemm,
  pool,
  depth,
  choose,
  loop,
  rows,
  product,
];
