import { type Apply, isReal, of, replaced, sized, sizeOf } from "./draft.js";

const REDUCTIONS = [
  "ReduceMean",
  "ReduceMax",
  "ReduceMin",
  "ReduceL1",
  "ReduceL2",
  "ReduceSumSquare",
  "ReduceProd",
];

const reduce: Apply = (d, x) => {
  if (x.dims.length === 0 || x.dtype === "bool" || x.dtype === "uint8" || x.dtype === "int8")
    return undefined;
  const axis = d.pick(x.dims.length);
  const keepdims = d.pick(2);
  const isSum = d.chance(0.3);
  const opType = isSum ? "ReduceSum" : d.one(REDUCTIONS);
  // A maximum of nothing is an error, and a mean of nothing is no number.
  if (x.dims.includes(0) && !isSum) return undefined;
  const output = sized(x, replaced(x.dims, axis, ...(keepdims === 1 ? [1] : [])));
  // onnxruntime-faults.test.ts: axes from the end count only where there are elements.
  const isFromEnd = d.opset >= 11 && d.chance(0.3) && !x.dims.includes(0);
  const axes = [isFromEnd ? axis - x.dims.length : axis];
  if (d.chance(0.15))
    return d.node(opType, [x], sized(x, keepdims === 1 ? x.dims.map(() => 1) : []), { keepdims });
  if (d.opset < (isSum ? 13 : 18)) return d.node(opType, [x], output, { axes, keepdims });
  return d.node(opType, [x, d.integers(...axes)], output, { keepdims });
};

const argument: Apply = (d, x) => {
  if (x.dims.length === 0 || x.dims.includes(0) || x.dtype === "bool") return undefined;
  const axis = d.pick(x.dims.length);
  const keepdims = d.pick(2);
  const dims = replaced(x.dims, axis, ...(keepdims === 1 ? [1] : []));
  return d.node(d.one(["ArgMax", "ArgMin"]), [x], of("int64", dims), { axis, keepdims });
};

const cumulate: Apply = (d, x) => {
  if (d.opset < 11 || x.dims.length === 0 || !isReal(x)) return undefined;
  const flags = { reverse: d.pick(2), exclusive: d.pick(2) };
  return d.node("CumSum", [x, d.scalar("int64", d.pick(x.dims.length))], x, flags);
};

const topK: Apply = (d, x) => {
  const last = x.dims.at(-1);
  // onnxruntime 1.30 ends the process on a TopK of no rows, and where a size is a symbol there may be none.
  if (d.symbolic || last === undefined || x.dims.includes(0) || !isReal(x)) return undefined;
  const k = 1 + d.pick(last);
  const dims = [...x.dims.slice(0, -1), k];
  const indices = d.fresh();
  const made =
    d.opset < 10
      ? d.node("TopK", [x], sized(x, dims), { k }, [indices])
      : d.node("TopK", [x, d.integers(k)], sized(x, dims), {}, [indices]);
  return made;
};

const softmax: Apply = (d, x) => {
  if (x.dims.length === 0 || !isReal(x)) return undefined;
  const axis = d.pick(x.dims.length);
  return d.node(d.one(["Softmax", "LogSoftmax"]), [x], x, d.chance(0.3) ? {} : { axis });
};

const matMul: Apply = (d, x) => {
  const depth = x.dims.at(-1);
  if (
    depth === undefined ||
    x.dims.length < 2 ||
    x.dtype === "bool" ||
    x.dtype === "int8" ||
    x.dtype === "uint8"
  )
    return undefined;
  const columns = 1 + d.pick(4);
  const output = sized(x, [...x.dims.slice(0, -1), columns]);
  const product = d.node("MatMul", [x, d.constant(x.dtype, [depth, columns])], output);
  return d.chance(0.5) ? d.node("Add", [product, d.constant(x.dtype, [columns])], output) : product;
};

const gemm: Apply = (d, x) => {
  const [rows, depth] = x.dims;
  if (x.dims.length !== 2 || rows === undefined || depth === undefined || !isReal(x)) return undefined;
  const [columns, transB] = [1 + d.pick(4), d.pick(2)];
  const weight = d.constant(x.dtype, transB === 1 ? [columns, depth] : [depth, columns]);
  const bias = d.opset < 11 || d.chance(0.6) ? [d.constant(x.dtype, d.one([[], [columns], [1, 1]]))] : [];
  const scales = d.chance(0.3) ? { alpha: "0.5", beta: "2.0" } : {};
  return d.node("Gemm", [x, weight, ...bias], sized(x, [rows, columns]), { transB, ...scales });
};

const conv: Apply = (d, x) => {
  const [n, c, ...space] = x.dims;
  if (n === undefined || c === undefined || c === 0 || space.length === 0 || space.length > 2 || !isReal(x))
    return undefined;
  const kernel = space.map((size) => 1 + d.pick(Math.min(3, Math.max(size, 1))));
  const group = d.chance(0.3) ? c : 1;
  const channels = group * (1 + d.pick(3));
  const padding = d.pick(2);
  const pads = [...space, ...space].map(() => padding);
  if (space.some((size) => size === 0)) return undefined;
  const turned = d.chance(0.25) && group === 1;
  const weight = d.constant(x.dtype, turned ? [c, channels, ...kernel] : [channels, c / group, ...kernel]);
  const bias = d.chance(0.6) ? [d.constant(x.dtype, [channels])] : [];
  const dims = space.map((size, i) => {
    const k = kernel[i] ?? 1;
    return turned ? size - 1 + k - 2 * padding : size + 2 * padding - k + 1;
  });
  if (dims.some((size) => size < 1)) return undefined;
  const opType = turned ? "ConvTranspose" : "Conv";
  return d.node(opType, [x, weight, ...bias], sized(x, [n, channels, ...dims]), {
    pads,
    ...(group > 1 ? { group } : {}),
  });
};

const normalize: Apply = (d, x) => {
  const channels = x.dims[1];
  if (channels === undefined || !isReal(x) || x.dims.length < 2) return undefined;
  const parameters = [0, 1, 2].map(() => d.constant(x.dtype, [channels]));
  const variance = d.constant(
    x.dtype,
    [channels],
    Array.from({ length: channels }, () => d.one([0.5, 1, 2, 4])),
  );
  return d.node(
    "BatchNormalization",
    [x, ...parameters, variance],
    x,
    d.chance(0.3) ? { epsilon: "0.001" } : {},
  );
};

const instance: Apply = (d, x) => {
  const channels = x.dims[1];
  if (channels === undefined || !isReal(x) || x.dims.length < 3 || x.dims.includes(0)) return undefined;
  if (d.chance(0.3)) return d.node("LRN", [x], x, { size: 3 });
  return d.node(
    "InstanceNormalization",
    [x, d.constant(x.dtype, [channels]), d.constant(x.dtype, [channels])],
    x,
  );
};

const layer: Apply = (d, x) => {
  const size = x.dims.at(-1);
  if (d.opset < 17 || size === undefined || size < 2 || !isReal(x)) return undefined;
  const parameters = [d.constant(x.dtype, [size]), ...(d.chance(0.7) ? [d.constant(x.dtype, [size])] : [])];
  return d.node("LayerNormalization", [x, ...parameters], x);
};

const pool: Apply = (d, x) => {
  const [n, c, ...space] = x.dims;
  if (n === undefined || c === undefined || space.length === 0 || space.length > 3 || !isReal(x))
    return undefined;
  if (x.dims.includes(0)) return undefined;
  if (d.chance(0.3)) {
    const opType = d.one(["GlobalAveragePool", "GlobalMaxPool"]);
    return d.node(opType, [x], sized(x, [n, c, ...space.map(() => 1)]));
  }
  const kernel = space.map((size) => Math.min(2, size));
  const dims = space.map((size, i) => size - (kernel[i] ?? 1) + 1);
  const opType = d.one(["MaxPool", "AveragePool"]);
  return d.node(opType, [x], sized(x, [n, c, ...dims]), { kernel_shape: kernel });
};

const dropout: Apply = (d, x) => {
  if (!isReal(x)) return undefined;
  if (d.opset < 12) return d.node("Dropout", [x], x, { ratio: "0.4" }, d.chance(0.3) ? [d.fresh()] : []);
  const mode = d.chance(0.4) ? [d.constant("bool", [], [0])] : [];
  return d.node("Dropout", [x, d.scalar("float", 0.4), ...mode], x);
};

const resize: Apply = (d, x) => {
  const [n, c, h, w] = x.dims;
  if (
    x.dims.length !== 4 ||
    x.dtype !== "float" ||
    n === undefined ||
    c === undefined ||
    h === undefined ||
    w === undefined
  )
    return undefined;
  if (x.dims.includes(0)) return undefined;
  const output = sized(x, [n, c, 2 * h, 2 * w]);
  const scales = d.constant("float", [4], [1, 1, 2, 2]);
  if (d.opset < 9) return d.node("Upsample", [x], output, { scales: "[1.0, 1.0, 2.0, 2.0]" });
  if (d.opset < 10) return d.node("Upsample", [x, scales], output);
  if (d.opset < 11) return d.node("Resize", [x, scales], output);
  if (d.opset < 13) return d.node("Resize", [x, d.constant("float", [0], []), scales], output);
  return d.node("Resize", [x, undefined, scales], output, { mode: d.one(['"nearest"', '"linear"']) });
};

const recurrent: Apply = (d, x) => {
  const [steps, batch, size] = x.dims;
  if (x.dims.length !== 3 || x.dtype !== "float" || x.dims.includes(0)) return undefined;
  if (steps === undefined || batch === undefined || size === undefined) return undefined;
  const [opType, gates] = d.one([
    ["RNN", 1],
    ["GRU", 3],
    ["LSTM", 4],
  ] as const);
  const [hidden, directions] = [2, 1 + d.pick(2)];
  const w = d.constant("float", [directions, gates * hidden, size]);
  const r = d.constant("float", [directions, gates * hidden, hidden]);
  const b = d.chance(0.6) ? [d.constant("float", [directions, 2 * gates * hidden])] : [];
  const direction = directions === 2 ? '"bidirectional"' : d.one(['"forward"', '"reverse"']);
  const output = sized(x, [steps, directions, batch, hidden]);
  return d.node(opType, [x, w, r, ...b], output, { hidden_size: hidden, direction });
};

const einsum: Apply = (d, x) => {
  const [rows, depth] = x.dims.slice(-2);
  if (d.opset < 12 || rows === undefined || depth === undefined || !isReal(x)) return undefined;
  const matrix = d.constant(x.dtype, [depth, 3]);
  return d.node("Einsum", [x, matrix], sized(x, [...x.dims.slice(0, -1), 3]), {
    equation: '"...ij,jk->...ik"',
  });
};

const quantized: Apply = (d, x) => {
  if (d.opset < 10 || x.dtype !== "float") return undefined;
  const [scale, zero] = [d.scalar("float", 0.05), d.constant("uint8", [], [128])];
  const narrow = d.node("QuantizeLinear", [x, scale, zero], of("uint8", x.dims));
  return d.node("DequantizeLinear", [narrow, scale, zero], x);
};

/** A product of two computed values. */
const attention: Apply = (d, x) => {
  const [rows, columns] = x.dims.slice(-2);
  if (rows === undefined || columns === undefined || !isReal(x) || sizeOf(x.dims) > 300) return undefined;
  const perm = x.dims.map((_, axis) => axis);
  const [a = 0, b = 0] = perm.splice(-2);
  const turned = d.node("Transpose", [x], sized(x, [...x.dims.slice(0, -2), columns, rows]), {
    perm: [...perm, b, a],
  });
  return d.node("MatMul", [x, turned], sized(x, [...x.dims.slice(0, -2), rows, rows]));
};

export const LAYERS: readonly Apply[] = [
  reduce,
  reduce,
  argument,
  cumulate,
  topK,
  softmax,
  matMul,
  gemm,
  conv,
  conv,
  normalize,
  normalize,
  instance,
  layer,
  pool,
  dropout,
  resize,
  recurrent,
  einsum,
  quantized,
  attention,
];
