import { roundHalfEven } from "../../base/integers.js";
import { erf } from "../../float64/special.js";
import {
  allocate,
  axisOf,
  broadcastDims,
  broadcastStrides,
  expand,
  forEachRow,
  isInteger,
  type ReferenceTensor,
  referenceTensor,
  reshape,
  sizeOf,
  wrapInteger,
} from "../../float64/tensor.js";
import { DTYPES, type DType, isFloat } from "../../ir/dtype.js";
import { errors as shared } from "../../rules/errors.js";
import { type FacetTable, missing } from "../../rules/facet.js";
import { fail, type ReferenceContext, type ReferenceRule } from "../../rules/reference/rule.js";
import { errors } from "./errors.js";
import type { OPERATORS } from "./operators.js";

/** A function of one number. */
export type Unary = (x: number) => number;
type Binary = (a: number, b: number) => number;

/** The function of every element. */
export function mapTensor(tensor: ReferenceTensor, f: Unary, dtype: DType = tensor.dtype): ReferenceTensor {
  const { data, dims } = tensor;
  const out = allocate(data.length);
  for (let i = 0; i < data.length; i++) out[i] = f(data[i] ?? 0);
  return referenceTensor(dtype, dims, out);
}

/** f on every pair of elements of two tensors, broadcast against each other. */
export function zip(
  a: ReferenceTensor,
  b: ReferenceTensor,
  f: Binary,
  dtype: DType = a.dtype,
): ReferenceTensor {
  const dims = broadcastDims(a.dims, b.dims);
  const out = allocate(sizeOf(dims));
  const stridesA = broadcastStrides(a.dims, dims);
  const stridesB = broadcastStrides(b.dims, dims);
  const length = dims.at(-1) ?? 1;
  const stepA = stridesA.at(-1) ?? 0;
  const stepB = stridesB.at(-1) ?? 0;
  const offsetsA: number[] = [];
  forEachRow(dims, stridesA, (_, offset) => offsetsA.push(offset));
  let row = 0;
  forEachRow(dims, stridesB, (start, offset) => {
    let atA = offsetsA[row++] ?? 0;
    let atB = offset;
    for (let i = 0; i < length; i++, atA += stepA, atB += stepB)
      out[start + i] = f(a.data[atA] ?? 0, b.data[atB] ?? 0);
  });
  return referenceTensor(dtype, dims, out);
}

function unary(f: Unary): ReferenceRule {
  return (c) => {
    const x = c.input(0);
    return [mapTensor(x, isInteger(x.dtype) ? (value) => wrapInteger(x.dtype, f(value)) : f)];
  };
}

function withAttributes(make: (c: ReferenceContext) => Unary): ReferenceRule {
  return (c) => [mapTensor(c.input(0), make(c))];
}

/** Before opset 7 the second input was broadcast along the first from `axis` on, and only where `broadcast` was set. */
function second(c: ReferenceContext): ReferenceTensor {
  const a = c.input(0);
  const b = c.input(1);
  if (c.opset >= 7 || !c.has("axis")) return b;
  const axis = axisOf(c.int("axis", 0), a.dims.length);
  const after = Math.max(a.dims.length - axis - b.dims.length, 0);
  return reshape(b, [...b.dims, ...new Array<number>(after).fill(1)]);
}

function arithmetic(f: Binary): ReferenceRule {
  return (c) => {
    const a = c.input(0);
    const { dtype } = a;
    return [zip(a, second(c), isInteger(dtype) ? (x, y) => wrapInteger(dtype, f(x, y)) : f)];
  };
}

function compare(f: (a: number, b: number) => boolean): ReferenceRule {
  return (c) => [zip(c.input(0), second(c), (a, b) => (f(a, b) ? 1 : 0), "bool")];
}

function variadic(f: Binary): ReferenceRule {
  return (c) => {
    const [first, ...rest] = c.inputs.map((_, index) => c.input(index));
    if (first === undefined) throw shared.referenceHasNoInputs();
    return [rest.reduce((sum, next) => zip(sum, next, f), first)];
  };
}

const divide: ReferenceRule = (c) => {
  const a = c.input(0);
  if (!isInteger(a.dtype)) return [zip(a, second(c), (x, y) => x / y)];
  return [
    zip(a, second(c), (x, y) => {
      if (y === 0) throw errors.integerIsDividedByZero();
      return wrapInteger(a.dtype, Math.trunc(x / y));
    }),
  ];
};

/** The result has the sign of the divisor, as in Python; with fmod = 1 that of the dividend, as in C. */
const modulo: ReferenceRule = (c) => {
  const fmod = c.int("fmod", 0) === 1;
  return [
    zip(c.input(0), c.input(1), (x, y) => {
      const rest = x % y;
      return fmod || rest === 0 || rest < 0 === y < 0 ? rest : rest + y;
    }),
  ];
};

/** IEEE and C give 1 where JavaScript gives NaN: for 1 to the power of NaN, and for 1 or -1 to the power of infinity. */
function power(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

const shift: ReferenceRule = (c) => {
  const { dtype } = c.input(0);
  const left = c.text("direction", "LEFT") === "LEFT";
  return [
    zip(c.input(0), c.input(1), (x, y) => (left ? wrapInteger(dtype, x * 2 ** y) : Math.floor(x / 2 ** y))),
  ];
};

/** JavaScript's bits are 32; wider integers have no reference. */
function bitwise(f: Binary): ReferenceRule {
  return (c) => {
    const { dtype } = c.input(0);
    if (dtype === "int64" || dtype === "uint64") throw errors.integersAreTooWide(dtype);
    return [zip(c.input(0), c.input(1), (a, b) => wrapInteger(dtype, f(a, b)))];
  };
}

const clip: ReferenceRule = (c) => {
  const low = c.optional(1)?.data[0] ?? c.float("min", -Infinity);
  const high = c.optional(2)?.data[0] ?? c.float("max", Infinity);
  // NaN passes, and where the bounds cross the upper one wins.
  return [mapTensor(c.input(0), (x) => (Number.isNaN(x) ? x : Math.min(Math.max(x, low), high)))];
};

const where: ReferenceRule = (c) => {
  const [condition, yes, no] = [c.input(0), c.input(1), c.input(2)];
  const dims = broadcastDims(condition.dims, broadcastDims(yes.dims, no.dims));
  const test = expand(condition, dims).data;
  const [a, b] = [expand(yes, dims).data, expand(no, dims).data];
  const out = allocate(test.length);
  for (let i = 0; i < out.length; i++) out[i] = (test[i] !== 0 ? a[i] : b[i]) ?? 0;
  return [referenceTensor(yes.dtype, dims, out)];
};

/** Casts between float types keep the value: see evaluateReference. */
export function castTo(tensor: ReferenceTensor, dtype: DType): ReferenceTensor {
  if (dtype === tensor.dtype) return tensor;
  if (dtype === "bool") return mapTensor(tensor, (x) => (x !== 0 ? 1 : 0), dtype);
  if (isFloat(dtype)) return { ...tensor, dtype };
  // The 8- and 4-bit floats are a quantization, not a precision.
  if (!isInteger(dtype)) throw errors.referenceCastTypeIsUnknown(dtype);
  if (isInteger(tensor.dtype) && Math.abs(tensor.data[0] ?? 0) === 2 ** 63) return { ...tensor, dtype };
  return mapTensor(
    tensor,
    (x) => (Number.isFinite(x) ? wrapInteger(dtype, Math.trunc(x)) : fail(errors.castIsUndefined(x, dtype))),
    dtype,
  );
}

const OLD_CASTS: Readonly<Record<string, DType>> = { FLOAT: "float", DOUBLE: "double", BOOL: "bool" };

const cast: ReferenceRule = (c) => {
  const name = c.text("to", "");
  const dtype =
    name === ""
      ? DTYPES[c.int("to", 0)]
      : (OLD_CASTS[name] ?? DTYPES.find((one) => one === name.toLowerCase()));
  return dtype === undefined ? fail(errors.referenceCastTypeIsUnknown()) : [castTo(c.input(0), dtype)];
};

const prelu: ReferenceRule = (c) => {
  const x = c.input(0);
  let slope = c.input(1);
  // Before opset 7 (and in onnxruntime still) a 1-D slope belongs to axis 1.
  if (c.opset < 7 && slope.dims.length === 1 && slope.data.length > 1)
    slope = reshape(slope, [slope.data.length, ...x.dims.slice(2).map(() => 1)]);
  return [zip(x, slope, (value, a) => (value < 0 ? value * a : value))];
};

const gelu: ReferenceRule = withAttributes((c) =>
  c.text("approximate", "none") === "tanh"
    ? (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
    : (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
);

/** 1 / (1 + e^-x) without overflow. */
export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** log(1 + e^x) without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** The defaults of Selu: alpha and gamma. */
export const SELU_ALPHA: number = Math.fround(1.6732632);
export const SELU_GAMMA: number = Math.fround(1.050701);

/** Arithmetic, comparison, logic and activations: one number in, one out. */
export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  Abs: unary(Math.abs),
  Acos: unary(Math.acos),
  Acosh: unary(Math.acosh),
  Add: arithmetic((a, b) => a + b),
  And: compare((a, b) => a !== 0 && b !== 0),
  Asin: unary(Math.asin),
  Asinh: unary(Math.asinh),
  Atan: unary(Math.atan),
  Atanh: unary(Math.atanh),
  BitCast: missing("the reference computes with numbers, not with bits"),
  BitShift: shift,
  BitwiseAnd: bitwise((a, b) => a & b),
  BitwiseNot: (c) => [mapTensor(c.input(0), (x) => wrapInteger(c.input(0).dtype, -x - 1))],
  BitwiseOr: bitwise((a, b) => a | b),
  BitwiseXor: bitwise((a, b) => a ^ b),
  Cast: cast,
  CastLike: (c) => [castTo(c.input(0), c.input(1).dtype)],
  Ceil: unary(Math.ceil),
  Celu: withAttributes((c) => {
    const alpha = c.float("alpha", 1);
    return (x) => (x < 0 ? alpha * Math.expm1(x / alpha) : x);
  }),
  Clip: clip,
  Cos: unary(Math.cos),
  Cosh: unary(Math.cosh),
  Div: divide,
  Elu: withAttributes((c) => {
    const alpha = c.float("alpha", 1);
    return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
  }),
  Equal: compare((a, b) => a === b),
  Erf: unary(erf),
  Exp: unary(Math.exp),
  Floor: unary(Math.floor),
  Gelu: gelu,
  Greater: compare((a, b) => a > b),
  GreaterOrEqual: compare((a, b) => a >= b),
  HardSigmoid: withAttributes((c) => {
    const [alpha, beta] = [c.float("alpha", 0.2), c.float("beta", 0.5)];
    return (x) => Math.min(Math.max(alpha * x + beta, 0), 1);
  }),
  // The specification's alpha is 1/6 as a float32.
  HardSwish: unary((x) => x * Math.min(Math.max(x * Math.fround(1 / 6) + 0.5, 0), 1)),
  IsInf: (c) => {
    const [up, down] = [c.int("detect_positive", 1) === 1, c.int("detect_negative", 1) === 1];
    return [
      mapTensor(c.input(0), (x) => ((up && x === Infinity) || (down && x === -Infinity) ? 1 : 0), "bool"),
    ];
  },
  IsNaN: (c) => [mapTensor(c.input(0), (x) => (Number.isNaN(x) ? 1 : 0), "bool")],
  LeakyRelu: withAttributes((c) => {
    const alpha = c.float("alpha", 0.01);
    return (x) => (x < 0 ? alpha * x : x);
  }),
  Less: compare((a, b) => a < b),
  LessOrEqual: compare((a, b) => a <= b),
  Log: unary(Math.log),
  Max: variadic((a, b) => Math.max(a, b)),
  Mean: (c) => {
    const [sum] = variadic((a, b) => a + b)(c);
    return sum === undefined ? [] : [mapTensor(sum, (x) => x / c.inputs.length)];
  },
  Min: variadic((a, b) => Math.min(a, b)),
  Mish: unary((x) => x * Math.tanh(softplus(x))),
  Mod: modulo,
  Mul: arithmetic((a, b) => a * b),
  Neg: unary((x) => -x),
  Not: (c) => [mapTensor(c.input(0), (x) => (x === 0 ? 1 : 0))],
  Or: compare((a, b) => a !== 0 || b !== 0),
  PRelu: prelu,
  Pow: arithmetic(power),
  Reciprocal: unary((x) => 1 / x),
  Relu: unary((x) => Math.max(x, 0)),
  Round: unary(roundHalfEven),
  Selu: withAttributes((c) => {
    const alpha = c.float("alpha", SELU_ALPHA);
    const gamma = c.float("gamma", SELU_GAMMA);
    return (x) => gamma * (x < 0 ? alpha * Math.expm1(x) : x);
  }),
  Shrink: withAttributes((c) => {
    const [bias, lambda] = [c.float("bias", 0), c.float("lambd", 0.5)];
    return (x) => (x < -lambda ? x + bias : x > lambda ? x - bias : 0);
  }),
  Sigmoid: unary(sigmoid),
  Sign: unary((x) => Math.sign(x)),
  Sin: unary(Math.sin),
  Sinh: unary(Math.sinh),
  Softplus: unary(softplus),
  Softsign: unary((x) => x / (1 + Math.abs(x))),
  Sqrt: unary(Math.sqrt),
  Sub: arithmetic((a, b) => a - b),
  Sum: variadic((a, b) => a + b),
  Swish: withAttributes((c) => {
    const alpha = c.float("alpha", 1);
    return (x) => x * sigmoid(alpha * x);
  }),
  Tan: unary(Math.tan),
  Tanh: unary(Math.tanh),
  ThresholdedRelu: withAttributes((c) => {
    const alpha = c.float("alpha", 1);
    return (x) => (x > alpha ? x : 0);
  }),
  Where: where,
  Xor: compare((a, b) => (a !== 0) !== (b !== 0)),
};
