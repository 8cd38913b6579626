import { type Apply, at, type Draft, type Var } from "./draft.js";

/** Sizes that broadcast to those of x. */
function beneath(d: Draft, x: Var): number[] {
  const from = d.pick(x.dims.length + 1);
  return x.dims.slice(from).map((dim) => (dim === "N" || d.chance(0.3) ? 1 : dim));
}

const unary: Apply = (d, x) => {
  if (x.kind !== "float") return undefined;
  const names = ["Relu", "Abs", "Neg", "Tanh", "Sigmoid", "Erf", "Softplus", "Elu", "LeakyRelu"];
  const others = ["HardSigmoid", "Sin", "Cos", "Identity", "Dropout", "Sign", "Ceil", "Floor", "Round"];
  return d.node(d.one(d.chance(0.6) ? names : others), [x], x.dims);
};

const twice: Apply = (d, x) => {
  if (x.kind !== "float") return undefined;
  const opType = d.one(["Relu", "Abs", "Ceil", "Floor", "Sign", "Identity", "Neg", "Round"]);
  return d.node(opType, [d.node(opType, [x], x.dims)], x.dims);
};

const clip: Apply = (d, x) => {
  if (x.kind !== "float") return undefined;
  const bounds = [d.chance(0.7) ? d.all([], -0.5 * d.pick(4)) : '""', d.all([], 0.5 + 0.5 * d.pick(3))];
  return d.node("Clip", [x, ...(d.chance(0.8) ? bounds : bounds.slice(0, 1))], x.dims);
};

const bound: Apply = (d, x) => {
  if (x.kind !== "float") return undefined;
  const limit = d.all(d.chance(0.7) ? [] : [1], d.pick(5) - 2);
  const pair = d.chance(0.5) ? [x, limit] : [limit, x];
  return d.node(d.one(["Min", "Max"]), x.dims.length === 0 ? [x, d.all([], 0)] : pair, x.dims);
};

const arithmetic: Apply = (d, x) => {
  if (x.kind !== "float") return undefined;
  const opType = d.one(["Add", "Mul", "Sub", "Div", "Max", "Min", "PRelu"]);
  const away = opType === "Div" ? { low: 0.5, high: 2 } : {};
  const dims = beneath(d, x);
  const k = d.chance(0.2) ? d.all(dims, opType === "Mul" || opType === "Div" ? 1 : 0) : d.floats(dims, away);
  const swapped = d.chance(0.4) && opType !== "Div" && opType !== "PRelu";
  return d.node(opType, swapped ? [k, x] : [x, k], x.dims);
};

const binary: Apply = (d, x) => {
  if (x.kind !== "float") return undefined;
  return d.node(d.one(["Add", "Sub", "Mul", "Max", "Min", "Sum", "Mean"]), [x, d.beside(x)], x.dims);
};

const power: Apply = (d, x) => {
  if (x.kind !== "float") return undefined;
  if (d.chance(0.5)) return d.node("Pow", [x, d.all([], d.one([1, 2, 3]))], x.dims);
  const positive = d.node("Add", [d.node("Abs", [x], x.dims), d.all([], 0.5)], x.dims);
  return d.node(d.one(["Sqrt", "Reciprocal", "Log"]), [positive], x.dims);
};

const compare: Apply = (d, x) => {
  if (x.kind === "bool") {
    if (d.chance(0.4)) return d.node("Not", [x], x.dims, [], "bool");
    return d.node(d.one(["And", "Or", "Xor"]), [x, d.beside(x)], x.dims, [], "bool");
  }
  const other = x.kind === "int64" ? d.integers([d.pick(3)], []) : d.chance(0.5) ? d.all([], 0) : d.beside(x);
  const opType = d.one(["Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal"]);
  return d.node(opType, [x, other], x.dims, [], "bool");
};

const where: Apply = (d, x) => {
  if (x.kind !== "float") return undefined;
  const masks = d.values.filter((y) => y.kind === "bool" && y.dims.join() === x.dims.join());
  const mask = masks.length > 0 && d.chance(0.7) ? d.one(masks) : d.booleans(beneath(d, x));
  const other = d.chance(0.5) ? d.beside(x) : d.all([], 0);
  return d.node("Where", d.chance(0.5) ? [mask, x, other] : [mask, other, x], x.dims);
};

const cast: Apply = (d, x) => {
  if (x.kind !== "float") return d.node("Cast", [x], x.dims, ["to = 1"]);
  const kind = d.one(["int64", "bool", "double", "float", "float"] as const);
  if (kind === "int64") {
    const whole = d.node("Clip", [d.node("Round", [x], x.dims), d.all([], -9), d.all([], 9)], x.dims);
    return d.node("Cast", [whole], x.dims, ["to = 7"], "int64");
  }
  if (kind === "bool") return d.node("Cast", [d.node("Floor", [x], x.dims)], x.dims, ["to = 9"], "bool");
  const wide = d.node("Cast", [x], x.dims, [kind === "double" ? "to = 11" : "to = 1"]);
  // A double is no value of the list: only the float that it becomes again is.
  return d.node("Cast", [wide], x.dims, ["to = 1"]);
};

const wholeNumbers: Apply = (d, x) => {
  if (x.kind !== "int64") return undefined;
  const k = d.integers([d.one([0, 1, 2, 3, -1])], d.chance(0.5) ? [] : x.dims.length > 0 ? [1] : []);
  const divisor = d.integers([d.one([1, 2, 3])], []);
  const opType = d.one(["Add", "Mul", "Sub", "Div", "Mod", "Neg", "Abs", "Max"]);
  if (opType === "Neg" || opType === "Abs") return d.node(opType, [x], x.dims, [], "int64");
  return d.node(opType, [x, opType === "Div" || opType === "Mod" ? divisor : k], x.dims, [], "int64");
};

/** Equal parameters mostly: then the second pair is the first's. */
const quantized: Apply = (d, x) => {
  if (x.kind !== "float") return undefined;
  let value = x;
  const scale = d.all([], 0.05);
  const name = d.fresh();
  const zero = d.declare(name, `uint8 ${name} = {128}`);
  for (let pairs = d.pick(2) + 1; pairs > 0; pairs--) {
    const step = d.chance(0.8) ? scale : d.all([], 0.03);
    const q = d.fresh();
    d.line(`${q} = QuantizeLinear (${value.name}, ${step}, ${zero})`, [value]);
    value = d.node("DequantizeLinear", [q, step, zero], x.dims);
  }
  return value;
};

const softmax: Apply = (d, x) => {
  if (x.kind !== "float" || x.dims.length === 0) return undefined;
  const axis = d.chance(0.7) ? -1 : d.pick(x.dims.length);
  return d.node(d.one(["Softmax", "LogSoftmax"]), [x], x.dims, [`axis = ${axis}`]);
};

const spelledActivation: Apply = (d, x) => {
  if (x.kind !== "float") return undefined;
  const half = d.all([], 0.5);
  const half2 = (y: Var): Var => d.node("Mul", [y, half], x.dims);
  const one = d.all([], 1);
  switch (d.pick(6)) {
    case 0: {
      const scaled = d.node("Div", [x, d.all([], 1.41421354)], x.dims);
      const sum = d.node("Add", [d.node("Erf", [scaled], x.dims), one], x.dims);
      return d.node("Mul", [half2(x), sum], x.dims);
    }
    case 1:
      return d.node("Mul", [x, d.node("Sigmoid", [x], x.dims)], x.dims);
    case 2: {
      const gate = d.node(
        "Clip",
        [d.node("Add", [x, d.all([], 3)], x.dims), d.all([], 0), d.all([], 6)],
        x.dims,
      );
      return d.node("Div", [d.node("Mul", [x, gate], x.dims), d.all([], 6)], x.dims);
    }
    case 3:
      return d.node("Mul", [x, d.node("Tanh", [d.node("Softplus", [x], x.dims)], x.dims)], x.dims);
    case 4: {
      // onnxruntime's Sigmoid is 0 below -18, and a Sign behind it would make that a whole difference.
      const small = d.node("Clip", [x, d.all([], -8), d.all([], 8)], x.dims);
      const sum = d.node("Add", [d.node("Exp", [d.node("Neg", [small], x.dims)], x.dims), one], x.dims);
      return d.node("Reciprocal", [sum], x.dims);
    }
    default: {
      const shifted = d.node("Add", [d.node("Mul", [x, d.all([], 1 / 6)], x.dims), half], x.dims);
      return d.node("Clip", [shifted, d.all([], 0), one], x.dims);
    }
  }
};

/** (x - mean) / sqrt(variance + eps) * scale + bias over the last axis, as exporters write it. */
const spelledNormalization: Apply = (d, x) => {
  const last = at(x.dims, -1);
  if (x.kind !== "float" || last === undefined || last < 3 || x.dims.length < 2) return undefined;
  const reduced = [...x.dims.slice(0, -1), 1];
  const axes = d.opset < 18 ? ["axes = [-1]"] : [];
  const input = d.opset < 18 ? [] : [d.integers([-1])];
  const mean = (y: Var): Var => d.node("ReduceMean", [y, ...input], reduced, axes);
  const centred = d.chance(0.7) ? d.node("Sub", [x, mean(x)], x.dims) : x;
  const square = d.node("Pow", [centred, d.all([], 2)], x.dims);
  const root = d.node("Sqrt", [d.node("Add", [mean(square), d.all([], 0.1)], reduced)], reduced);
  const normal = d.node("Div", [centred, root], x.dims);
  const scaled = d.node("Mul", [normal, d.floats([last])], x.dims);
  return d.chance(0.7) ? d.node("Add", [scaled, d.floats([last])], x.dims) : scaled;
};

const normalization: Apply = (d, x) => {
  const last = at(x.dims, -1);
  if (x.kind !== "float" || last === undefined || last < 3 || d.opset < 17) return undefined;
  return d.node("LayerNormalization", [x, d.floats([last]), d.floats([last])], x.dims, ["epsilon = 0.1"]);
};

export const ELEMENTWISE: readonly Apply[] = [
  unary,
  clip,
  twice,
  arithmetic,
  bound,
  binary,
  compare,
  where,
  power,
  cast,
  wholeNumbers,
  quantized,
  softmax,
  spelledActivation,
  spelledNormalization,
  normalization,
];
