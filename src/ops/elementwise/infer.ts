import { product, roundHalfEven } from "../../base/integers.js";
import { type DType, INTEGER_RANGES } from "../../ir/dtype.js";
import {
  add,
  differentDim,
  floorDiv,
  leastOf,
  type MaybeDim,
  max,
  min,
  mul,
  sameDim,
  sub,
} from "../../rules/dims.js";
import type { FacetTable } from "../../rules/facet.js";
import {
  type Conclusions,
  type Dims,
  type InferContext,
  type InferRule,
  tensorConclusion,
} from "../../rules/fact.js";
import { MAX_ELEMENTS } from "../../rules/facts.js";
import { dtypeAttribute, likeFirst, typeOfFirst } from "../../rules/inference.js";
import { broadcastShapes, commonDType } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

/** Computes an element of the result from known elements; undefined when it is not known. */
type Scalar = (args: Dims, dtype: DType | undefined) => MaybeDim;

const isReal = (dtype: DType | undefined): boolean =>
  dtype === "float" || dtype === "double" || dtype === "float16" || dtype === "bfloat16";

const LIMITS: Partial<Record<DType, readonly [number, number]>> = {
  ...INTEGER_RANGES,
  bool: [0, 1],
  int64: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

/**
 * A number as a dtype holds it; undefined where it wraps around, or is rounded in a way that is not modelled. Symbolic sizes
 * count as fitting, because sizes that a model computes in int32 are below 2^31.
 */
export function held(value: MaybeDim, dtype: DType | undefined): MaybeDim {
  if (typeof value !== "number" || dtype === undefined) return dtype === undefined ? undefined : value;
  if (dtype === "double") return value;
  if (dtype === "float") return Math.fround(value);
  const limits = LIMITS[dtype];
  if (limits === undefined || !Number.isInteger(value)) return undefined;
  return value >= limits[0] && value <= limits[1] ? value + 0 : undefined;
}

const number =
  (compute: (...args: number[]) => number): Scalar =>
  (args) => {
    const numbers = args.filter((arg) => typeof arg === "number");
    return numbers.length === args.length ? compute(...numbers) : undefined;
  };

/** Arithmetic on sizes where the operands are whole, and in float64 otherwise. `held` rounds it, which is exact for one operation. */
const arithmetic =
  (whole: (a: MaybeDim, b: MaybeDim) => MaybeDim, compute: (a: number, b: number) => number): Scalar =>
  ([a, b]) => {
    if (typeof a === "number" && typeof b === "number") return compute(a, b);
    const exact = [a, b].every((arg) => typeof arg !== "number" || Number.isSafeInteger(arg));
    return exact ? whole(a, b) : undefined;
  };

const divide: Scalar = ([a, b], dtype) => {
  if (typeof a === "number" && typeof b === "number") {
    if (isReal(dtype)) return a / b;
    return b === 0 ? undefined : Math.trunc(a / b);
  }
  // Integer division rounds towards zero, which is floor for sizes.
  if (isReal(dtype) || !(leastOf(a) >= 0) || !(leastOf(b) >= 0)) return undefined;
  return floorDiv(a, b);
};

const truth = (known: boolean | undefined): MaybeDim => (known === undefined ? undefined : known ? 1 : 0);

const equal: Scalar = ([a, b]) => (sameDim(a, b) ? 1 : differentDim(a, b) ? 0 : undefined);

/** a < b, or a <= b with `orEqual`, for whole numbers and symbolic sizes: 1, 0, or undefined if it depends. */
function below(a: MaybeDim, b: MaybeDim, orEqual: boolean): MaybeDim {
  if (typeof a === "number" && typeof b === "number") return truth(orEqual ? a <= b : a < b);
  const gap = leastOf(sub(b, a));
  if (orEqual ? gap >= 0 : gap > 0) return 1;
  const back = leastOf(sub(a, b));
  return (orEqual ? back > 0 : back >= 0) ? 0 : undefined;
}

/** Applies `scalar` to known elements under broadcasting. */
function zip(
  c: InferContext,
  out: Dims | undefined,
  inputs: readonly number[],
  f: Scalar,
  to?: DType,
): Dims | undefined {
  const sizes = out?.filter((dim) => typeof dim === "number");
  if (sizes === undefined || sizes.length !== out?.length) return undefined;
  const total = product(sizes);
  if (total > MAX_ELEMENTS) return undefined;
  const operands = inputs.map((input) => {
    const elements = c.elements(input);
    const shape = c.shape(input);
    return elements === undefined || shape === undefined ? undefined : { elements, shape };
  });
  const dtype = c.dtype(inputs.at(-1) ?? 0);
  const result: MaybeDim[] = [];
  for (let flat = 0; flat < total; flat++) {
    const args = operands.map((operand) =>
      operand === undefined ? undefined : operand.elements[broadcastIndex(flat, sizes, operand.shape)],
    );
    result.push(held(f(args, dtype), to ?? dtype));
  }
  return result;
}

/** The flat index into an operand for the element `flat` of the broadcast result. */
function broadcastIndex(flat: number, sizes: readonly number[], shape: Dims): number {
  let rest = flat;
  let index = 0;
  let step = 1;
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const size = sizes[axis] ?? 1;
    const position = rest % size;
    rest = Math.floor(rest / size);
    const own = shape[axis - (sizes.length - shape.length)];
    if (typeof own !== "number" || own === 1) continue;
    index += position * step;
    step *= own;
  }
  return index;
}

/** Before opset 7 the second operand was broadcast only on request, to the first one's shape. */
function pairShape(c: InferContext): Dims | undefined | "mismatch" {
  return c.opset < 7 ? c.shape(0) : broadcastShapes([c.shape(0), c.shape(1)]);
}

function binary(f?: Scalar, result?: DType): InferRule {
  return (c) => {
    const shape = pairShape(c);
    if (shape === "mismatch") return c.reject("the input shapes do not broadcast");
    const dtype = result ?? commonDType(c, [0, 1]);
    const plain = c.opset >= 7 && f !== undefined;
    return [tensorConclusion(dtype, shape, plain ? zip(c, shape, [0, 1], f, result) : undefined)];
  };
}

/** Bit shifts and powers take their type from the first operand. */
const firstTyped: InferRule = (c) => {
  const shape = pairShape(c);
  if (shape === "mismatch") return c.reject("the input shapes do not broadcast");
  return [tensorConclusion(c.dtype(0), shape)];
};

function variadic(f?: Scalar): InferRule {
  return (c) => {
    const inputs = c.node.inputs.map((_, index) => index);
    if (inputs.length === 0) return c.reject("no inputs");
    const shapes = inputs.map((index) => c.shape(index));
    const shape = c.opset < 8 ? shapes.find((known) => known !== undefined) : broadcastShapes(shapes);
    if (shape === "mismatch") return c.reject("the input shapes do not broadcast");
    const elements = f === undefined || c.opset < 8 ? undefined : zip(c, shape, inputs, f);
    return [tensorConclusion(commonDType(c, inputs), shape, elements)];
  };
}

function unary(f: Scalar): InferRule {
  return (c) => [tensorConclusion(c.dtype(0), c.shape(0), zip(c, c.shape(0), [0], f))];
}

function test(f?: Scalar): InferRule {
  return (c) => [
    tensorConclusion("bool", c.shape(0), f === undefined ? undefined : zip(c, c.shape(0), [0], f, "bool")),
  ];
}

const where: InferRule = (c) => {
  const shape = broadcastShapes([c.shape(0), c.shape(1), c.shape(2)]);
  if (shape === "mismatch") return c.reject("the input shapes do not broadcast");
  const pick: Scalar = ([condition, yes, no]) => {
    if (typeof condition === "number") return condition !== 0 ? yes : no;
    return sameDim(yes, no) ? yes : undefined;
  };
  return [tensorConclusion(commonDType(c, [1, 2]), shape, zip(c, shape, [0, 1, 2], pick))];
};

/** Conversions to integers truncate towards zero; a bool says whether the number is not zero. */
function converted(value: MaybeDim, from: DType | undefined, to: DType | undefined): MaybeDim {
  if (to === undefined || from === undefined) return undefined;
  if (to === "bool")
    return typeof value === "number" ? truth(value !== 0) : leastOf(value) > 0 ? 1 : undefined;
  if (typeof value !== "number") return to === "float16" || to === "bfloat16" ? undefined : value;
  return held(isReal(to) ? value : Math.trunc(value), to);
}

function castTo(c: InferContext, to: DType | undefined): Conclusions {
  const from = c.dtype(0);
  const elements = c.elements(0)?.map((value) => converted(value, from, to));
  return [tensorConclusion(to, c.shape(0), elements)];
}

const CAST_NAMES: Readonly<Record<string, DType>> = {
  FLOAT: "float",
  UINT8: "uint8",
  INT8: "int8",
  UINT16: "uint16",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  STRING: "string",
  BOOL: "bool",
  FLOAT16: "float16",
  DOUBLE: "double",
  UINT32: "uint32",
  UINT64: "uint64",
};

/** Before opset 6 the type is written by name. */
const cast: InferRule = (c) => {
  if (c.opset < 6) return castTo(c, CAST_NAMES[c.text("to") ?? ""]);
  return castTo(c, dtypeAttribute(c, "to"));
};

const castLike: InferRule = (c) => castTo(c, c.dtype(1));

/** Reads the same bits as another type of the same width. */
const bitCast: InferRule = (c) => [tensorConclusion(dtypeAttribute(c, "to"), c.shape(0))];

const whole =
  (f: (x: number) => number): Scalar =>
  (args) => {
    const [x] = args;
    return typeof x === "number" ? f(x) : x;
  };

const mod: Scalar = ([a, b], dtype) => {
  if (typeof a !== "number" || typeof b !== "number" || b === 0 || isReal(dtype)) return undefined;
  // fmod = 0 takes the sign of the divisor; with sizes the two kinds agree.
  return a >= 0 && b > 0 ? a % b : undefined;
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  Abs: unary(([x]) => (typeof x === "number" ? Math.abs(x) : leastOf(x) >= 0 ? x : undefined)),
  Acos: typeOfFirst,
  Acosh: typeOfFirst,
  Add: binary(arithmetic(add, (a, b) => a + b)),
  And: binary(
    number((a, b) => (a !== 0 && b !== 0 ? 1 : 0)),
    "bool",
  ),
  Asin: typeOfFirst,
  Asinh: typeOfFirst,
  Atan: typeOfFirst,
  Atanh: typeOfFirst,
  BitCast: bitCast,
  BitShift: firstTyped,
  BitwiseAnd: binary(),
  BitwiseNot: typeOfFirst,
  BitwiseOr: binary(),
  BitwiseXor: binary(),
  Cast: cast,
  CastLike: castLike,
  Ceil: unary(whole(Math.ceil)),
  Celu: typeOfFirst,
  Clip: likeFirst,
  Cos: typeOfFirst,
  Cosh: typeOfFirst,
  Div: binary(divide),
  Elu: typeOfFirst,
  Equal: binary(equal, "bool"),
  Erf: typeOfFirst,
  Exp: typeOfFirst,
  Floor: unary(whole(Math.floor)),
  Gelu: typeOfFirst,
  Greater: binary(([a, b]) => below(b, a, false), "bool"),
  GreaterOrEqual: binary(([a, b]) => below(b, a, true), "bool"),
  HardSigmoid: typeOfFirst,
  HardSwish: typeOfFirst,
  IsInf: test(),
  IsNaN: test(),
  LeakyRelu: typeOfFirst,
  Less: binary(([a, b]) => below(a, b, false), "bool"),
  LessOrEqual: binary(([a, b]) => below(a, b, true), "bool"),
  Log: typeOfFirst,
  Max: variadic((args) => args.reduce(max)),
  Mean: variadic(),
  Min: variadic((args) => args.reduce(min)),
  Mish: typeOfFirst,
  Mod: binary(mod),
  Mul: binary(arithmetic(mul, (a, b) => a * b)),
  Neg: unary(([x]) => mul(x, -1)),
  Not: test(number((x) => (x === 0 ? 1 : 0))),
  Or: binary(
    number((a, b) => (a !== 0 || b !== 0 ? 1 : 0)),
    "bool",
  ),
  PRelu: typeOfFirst,
  Pow: firstTyped,
  Reciprocal: unary(number((x) => 1 / x)),
  Relu: unary(([x]) => max(x, 0)),
  Round: unary(whole(roundHalfEven)),
  Selu: typeOfFirst,
  Shrink: typeOfFirst,
  Sigmoid: typeOfFirst,
  Sign: typeOfFirst,
  Sin: typeOfFirst,
  Sinh: typeOfFirst,
  Softplus: typeOfFirst,
  Softsign: typeOfFirst,
  Sqrt: unary(number(Math.sqrt)),
  Sub: binary(arithmetic(sub, (a, b) => a - b)),
  Sum: variadic((args) => args.reduce(add)),
  Swish: typeOfFirst,
  Tan: typeOfFirst,
  Tanh: typeOfFirst,
  ThresholdedRelu: typeOfFirst,
  Where: where,
  Xor: binary(
    number((a, b) => ((a !== 0) !== (b !== 0) ? 1 : 0)),
    "bool",
  ),
};
