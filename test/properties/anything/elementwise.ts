import { type Apply, type Draft, isReal, of, sized, type Var } from "./draft.js";

const UNARY: readonly (readonly [string, number])[] = [
  ["Relu", 1],
  ["Abs", 1],
  ["Neg", 1],
  ["Tanh", 1],
  ["Sigmoid", 1],
  ["Exp", 1],
  ["Floor", 1],
  ["Ceil", 1],
  ["Identity", 1],
  ["Softplus", 1],
  ["Softsign", 1],
  ["Elu", 1],
  ["Selu", 1],
  ["LeakyRelu", 1],
  ["HardSigmoid", 1],
  ["Sin", 7],
  ["Cos", 7],
  ["Erf", 9],
  ["Sign", 9],
  ["Sinh", 9],
  ["Round", 11],
  ["HardSwish", 14],
  ["Mish", 18],
  ["Gelu", 20],
];

/** Numbers that broadcast to those of x, and at times x to them. */
function other(d: Draft, x: Var): Var {
  if (d.chance(0.4)) return d.beside(x);
  const from = d.pick(x.dims.length + 1);
  const dims = x.dims.slice(from).map((dim) => (d.chance(0.4) ? 1 : dim));
  return d.constant(x.dtype, dims);
}

function broadcast(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [p, q] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    return p === 1 ? q : p;
  });
}

const unary: Apply = (d, x) => {
  if (x.dtype === "bool") return d.node(d.one(["Not", "Identity"]), [x], x);
  if (!isReal(x)) return d.node(d.one(["Abs", "Identity", ...(x.dtype === "uint8" ? [] : ["Neg"])]), [x], x);
  const [opType] = d.one(UNARY.filter(([, since]) => since <= d.opset));
  return d.node(opType, [x], x);
};

const positive: Apply = (d, x) => {
  if (!isReal(x)) return undefined;
  const above = d.node("Add", [d.node("Abs", [x], x), d.scalar(x.dtype, 0.5)], x);
  return d.node(d.one(["Sqrt", "Log", "Reciprocal"]), [above], x);
};

/** Whether the opset has arithmetic for the type. */
function counts(d: Draft, { dtype }: Var): boolean {
  return dtype !== "bool" && (d.opset >= 14 || (dtype !== "uint8" && dtype !== "int8"));
}

const arithmetic: Apply = (d, x) => {
  if (!counts(d, x)) return undefined;
  const y = other(d, x);
  const opType = d.one(["Add", "Sub", "Mul"]);
  const operands = d.chance(0.4) ? [y, x] : [x, y];
  return d.node(opType, operands, sized(x, broadcast(x.dims, y.dims)));
};

const neutral: Apply = (d, x) => {
  if (!counts(d, x)) return undefined;
  const [opType, element] = d.one([
    ["Add", 0],
    ["Sub", 0],
    ["Mul", 1],
    ["Div", 1],
    ["Mul", 0],
  ] as const);
  const dims = d.one([[], [1], x.dims.map(() => 1)]);
  const y = d.constant(x.dtype, dims, [element]);
  return d.node(opType, [x, y], sized(x, broadcast(x.dims, dims)));
};

const quotient: Apply = (d, x) => {
  if (!counts(d, x)) return undefined;
  const y = d.constant(x.dtype, d.one([[], x.dims.slice(-1)]));
  return d.node("Div", [x, y], sized(x, broadcast(x.dims, y.dims)));
};

const extreme: Apply = (d, x) => {
  if (!isReal(x) && d.opset < 12) return undefined;
  if (x.dtype === "bool") return undefined;
  const y = other(d, x);
  const dims = broadcast(x.dims, y.dims);
  return d.node(d.one(["Min", "Max"]), d.chance(0.3) ? [x, y, x] : [x, y], sized(x, dims));
};

const several: Apply = (d, x) => {
  if (!isReal(x)) return undefined;
  return d.node(d.one(["Sum", "Mean"]), d.chance(0.2) ? [x] : [x, d.beside(x), other(d, x)], x);
};

const compared: Apply = (d, x) => {
  if (x.dtype === "bool") {
    return d.node(d.one(["And", "Or", "Xor", "Equal"]), [x, d.beside(x)], x);
  }
  const narrow = x.dtype === "uint8" || x.dtype === "int8";
  if (narrow && d.opset < 11) return undefined;
  const names = isReal(x) ? ["Greater", "Less"] : ["Equal"];
  const y = other(d, x);
  const later = d.opset >= 12 ? ["GreaterOrEqual", "LessOrEqual"] : [];
  return d.node(d.one([...names, ...later]), [x, y], of("bool", broadcast(x.dims, y.dims)));
};

const where: Apply = (d, x) => {
  if (d.opset < 9) return undefined;
  const masks = d.values.filter(
    (y) => y.dtype === "bool" && y.holder === "tensor" && y.dims.join() === x.dims.join(),
  );
  const mask = masks.length > 0 && d.chance(0.7) ? d.one(masks) : d.constant("bool", d.one([[], x.dims]));
  const y = other(d, x);
  const dims = broadcast(broadcast(mask.dims, x.dims), y.dims);
  return d.node("Where", d.chance(0.5) ? [mask, x, y] : [mask, y, x], sized(x, dims));
};

const CASTS = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10, double: 11 } as const;

const cast: Apply = (d, x) => {
  const dtype = d.one(Object.keys(CASTS)) as keyof typeof CASTS;
  // A number that an integer cannot hold has no defined cast.
  const narrow = isReal(x) && dtype !== "bool" && !dtype.includes("float") && dtype !== "double";
  const from = narrow ? bounded(d, d.node("Abs", [x], x), 0, 100) : x;
  const made = d.node("Cast", [from], of(dtype, x.dims), { to: CASTS[dtype] });
  return d.chance(0.3)
    ? [made, d.node("Cast", [made], x, { to: CASTS[x.dtype as keyof typeof CASTS] })]
    : made;
};

function bounded(d: Draft, x: Var, low: number, high: number): Var {
  if (d.opset < 11) return d.node("Clip", [x], x, { min: low.toFixed(1), max: high.toFixed(1) });
  return d.node("Clip", [x, d.scalar(x.dtype, low), d.scalar(x.dtype, high)], x);
}

const clip: Apply = (d, x) => {
  if (!isReal(x) && (d.opset < 12 || x.dtype === "bool")) return undefined;
  const [low, high] = [d.chance(0.7) ? -d.pick(3) : undefined, d.chance(0.7) ? d.pick(4) : undefined];
  if (x.dtype === "uint8" && low !== undefined) return undefined;
  if (d.opset < 11) return d.node("Clip", [x], x, { min: low?.toFixed(1), max: high?.toFixed(1) });
  const bounds = [low, high].map((bound) => (bound === undefined ? undefined : d.scalar(x.dtype, bound)));
  return d.node("Clip", [x, ...bounds], x);
};

const power: Apply = (d, x) => {
  if (!isReal(x)) return undefined;
  return d.node("Pow", [x, d.scalar(x.dtype, d.one([0, 1, 2, 3]))], x);
};

const slope: Apply = (d, x) => {
  if (!isReal(x)) return undefined;
  // It broadcasts to x, and so has no more axes.
  const dims = x.dims.length > 1 ? x.dims.slice(1).map((dim, i) => (i === 0 ? dim : 1)) : x.dims.map(() => 1);
  return d.node("PRelu", [x, d.constant(x.dtype, dims)], x);
};

const remainder: Apply = (d, x) => {
  if (d.opset < 10 || x.dtype === "bool") return undefined;
  return d.node("Mod", [x, d.constant(x.dtype, [])], x, isReal(x) ? { fmod: 1 } : {});
};

/** Exported by hand: x * sigmoid(x), and the like. */
const spelled: Apply = (d, x) => {
  if (!isReal(x)) return undefined;
  const kind = d.pick(3);
  if (kind === 0) return d.node("Mul", [x, d.node("Sigmoid", [x], x)], x);
  if (kind === 1) return d.node("Mul", [x, d.node("Tanh", [d.node("Softplus", [x], x)], x)], x);
  return d.node("Div", [x, d.node("Add", [d.node("Abs", [x], x), d.scalar(x.dtype, 1)], x)], x);
};

export const ELEMENTWISE: readonly Apply[] = [
  unary,
  unary,
  positive,
  arithmetic,
  arithmetic,
  neutral,
  quotient,
  extreme,
  several,
  compared,
  where,
  cast,
  clip,
  power,
  slope,
  remainder,
  spelled,
];
