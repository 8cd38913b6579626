import type { Builder } from "../../ir/builder.js";
import { dtypeCode, isFloat } from "../../ir/dtype.js";
import type { Value } from "../../ir/graph.js";
import { tensorFromNumbers } from "../../ir/tensor.js";
import { leastOf, type SymDim, sameDim, sameShape } from "../dims.js";
import type { Facts } from "../facts.js";

/** The tools of these functions. A GradientContext has them, and so has the code that builds a training step. */
export interface GradientBuild {
  readonly facts: Facts;
  readonly build: Builder;
}

/** Shape nodes by builder, so that a model gets one for each value. */
const shapeNodes = new WeakMap<Builder, Map<Value, Value>>();

/** The shape as an int64 vector: a constant where it is known, otherwise a Shape node. */
export function shapeOf({ facts, build }: GradientBuild, value: Value): Value {
  const dims = facts.staticShape(value);
  if (dims !== undefined) return build.ints(dims);
  let made = shapeNodes.get(build);
  if (made === undefined) {
    made = new Map();
    shapeNodes.set(build, made);
  }
  let shape = made.get(value);
  if (shape === undefined) {
    shape = build.op("Shape", [value]);
    made.set(value, shape);
  }
  return shape;
}

/** A number as a scalar of the type of `like`. */
export function scalarLike({ facts, build }: GradientBuild, value: number, like: Value): Value {
  const dtype = facts.dtype(like);
  if (dtype !== undefined && isFloat(dtype)) return build.scalar(value, dtype);
  return build.op("CastLike", [build.scalar(value, "float"), like]);
}

/** A tensor of one number, of the type of `value` and of its shape or another. */
export function filledLike(
  c: GradientBuild,
  fill: number,
  value: Value,
  shape: Value = shapeOf(c, value),
): Value {
  const dtype = c.facts.dtype(value);
  if (dtype === undefined) return c.build.op("Expand", [scalarLike(c, fill, value), shape]);
  return c.build.op("ConstantOfShape", [shape], { value: tensorFromNumbers(dtype, [1], [fill]) });
}

/** Zeros of the shape and type of `value`. */
export function zerosLike(c: GradientBuild, value: Value): Value {
  return filledLike(c, 0, value);
}

/** Ones of the shape and type of `value`. */
export function onesLike(c: GradientBuild, value: Value): Value {
  return filledLike(c, 1, value);
}

/** Axes as the input of reductions, Squeeze and Unsqueeze. */
export function axesInput({ build }: GradientBuild, axes: readonly number[]): Value {
  return build.ints(axes);
}

/** A gradient in the shape of `value`, which has as many elements. */
export function reshapeLike(c: GradientBuild, gradient: Value, value: Value): Value {
  if (sameShapes(c, gradient, value)) return gradient;
  const isKnown = c.facts.staticShape(value)?.includes(0) === false;
  return c.build.op("Reshape", [gradient, shapeOf(c, value)], isKnown ? {} : { allowzero: 1n });
}

/** True when the two are known to have the same shape. */
export function sameShapes({ facts }: GradientBuild, a: Value, b: Value): boolean {
  return sameShape(facts.shape(a), facts.shape(b));
}

/** The sum of the gradients from all readers of a value; undefined for none. */
export function addGradients(build: Builder, gradients: readonly Value[]): Value | undefined {
  if (gradients.length < 2) return gradients[0];
  return build.op(gradients.length === 2 ? "Add" : "Sum", gradients);
}

/**
 * The gradient of an operand that was broadcast, in the operand's shape: the sum over the axes along which it was
 * repeated. `gradient` has the shape of the result; `like` has it too, for where more is known of that. Where a size may or
 * may not be 1, the model finds out when it runs.
 */
export function sumTo(c: GradientBuild, gradient: Value, operand: Value, like: Value = gradient): Value {
  const { facts, build } = c;
  const wide = facts.shape(gradient) ?? facts.shape(like);
  const narrow = facts.shape(operand);
  if (wide === undefined || narrow === undefined) return sumAtRunTime(c, gradient, operand);
  const leading = wide.length - narrow.length;
  // Without broadcasting, the gradient already has the operand's shape.
  if (leading < 0) return sumAtRunTime(c, gradient, operand);
  const repeated: number[] = [];
  for (const [axis, dim] of narrow.entries()) {
    const use = repetition(dim, wide[axis + leading], facts.shape(like)?.[axis + leading]);
    if (use === "unknown") return sumAtRunTime(c, gradient, operand);
    if (use === "repeated") repeated.push(axis + leading);
  }
  const outer = Array.from({ length: leading }, (_, axis) => axis);
  if (leading + repeated.length === 0) return gradient;
  const keepdims = repeated.length > 0;
  const sum = build.op("ReduceSum", [gradient, axesInput(c, [...outer, ...repeated])], {
    keepdims: keepdims ? 1n : 0n,
  });
  return keepdims && leading > 0 ? build.op("Squeeze", [sum, axesInput(c, outer)]) : sum;
}

/** Whether broadcasting repeated an operand of size `dim` to get size `wide`. */
function repetition(
  dim: SymDim,
  wide: SymDim | undefined,
  like: SymDim | undefined,
): "once" | "repeated" | "unknown" {
  if (dim === 1) return wide === 1 || like === 1 ? "once" : "repeated";
  if (typeof dim === "number" || leastOf(dim) > 1 || wide === 1 || like === 1) return "once";
  return sameDim(dim, wide) || sameDim(dim, like) ? "once" : "unknown";
}

/** Sums over the axes where the operand, with ones in front of its shape, has size 1. */
function sumAtRunTime(c: GradientBuild, gradient: Value, operand: Value): Value {
  const { facts, build } = c;
  const shape = shapeOf(c, operand);
  const wide = facts.rank(gradient);
  const narrow = facts.rank(operand);
  let aligned = shape;
  if (wide === undefined || narrow === undefined) {
    const missing = build.op("Sub", [build.op("Size", [shapeOf(c, gradient)]), build.op("Size", [shape])]);
    const ones = build.op("Expand", [build.ints([1]), build.op("Unsqueeze", [missing, build.ints([0])])]);
    aligned = build.op("Concat", [ones, shape], { axis: 0n });
  } else if (wide > narrow) {
    const ones = build.ints(new Array<number>(wide - narrow).fill(1));
    aligned = build.op("Concat", [ones, shape], { axis: 0n });
  }
  const isOne = build.op("Equal", [aligned, build.int(1)]);
  const axes = build.op("Squeeze", [build.op("NonZero", [isOne]), build.ints([0])]);
  const sum = build.op("ReduceSum", [gradient, axes], { keepdims: 1n, noop_with_empty_axes: 1n });
  return build.op("Reshape", [sum, shape], { allowzero: 1n });
}

/** a + b */
export function add(c: GradientBuild, a: Value, b: Value): Value {
  return c.build.op("Add", [a, b]);
}

/** a - b */
export function subtract(c: GradientBuild, a: Value, b: Value): Value {
  return c.build.op("Sub", [a, b]);
}

/** a * b */
export function multiply(c: GradientBuild, a: Value, b: Value): Value {
  return c.build.op("Mul", [a, b]);
}

/** a / b */
export function divide(c: GradientBuild, a: Value, b: Value): Value {
  return c.build.op("Div", [a, b]);
}

/** -a */
export function negate(c: GradientBuild, a: Value): Value {
  return c.build.op("Neg", [a]);
}

/** `yes` where the condition holds, and `no`, or zero, elsewhere. */
export function select(c: GradientBuild, condition: Value, yes: Value, no?: Value): Value {
  return c.build.op("Where", [condition, yes, no ?? scalarLike(c, 0, yes)]);
}

/** Numbers or booleans in the type of `like`. */
export function castLike({ facts, build }: GradientBuild, value: Value, like: Value): Value {
  const dtype = facts.dtype(like);
  if (dtype === undefined) return build.op("CastLike", [value, like]);
  if (facts.dtype(value) === dtype) return value;
  return build.op("Cast", [value], { to: BigInt(dtypeCode(dtype)) });
}

/**
 * Scatters `gradient` into zeros of the shape of `value`, or of another, and adds up elements that meet. `scatter` gets the
 * zeros and the updates, and adds a ScatterElements or ScatterND with reduction "add". onnxruntime adds in float32 and
 * float64 only, so that narrower types go through float32.
 */
export function scatterAdd(
  c: GradientBuild,
  gradient: Value,
  value: Value,
  scatter: (zeros: Value, updates: Value) => Value,
  shape: Value = shapeOf(c, value),
): Value {
  const dtype = c.facts.dtype(value) ?? c.facts.dtype(gradient);
  if (dtype !== "float16" && dtype !== "bfloat16") return scatter(filledLike(c, 0, value, shape), gradient);
  const to = BigInt(dtypeCode("float"));
  const zeros = c.build.op("ConstantOfShape", [shape]);
  const sum = scatter(zeros, c.build.op("Cast", [gradient], { to }));
  return c.build.op("Cast", [sum], { to: BigInt(dtypeCode(dtype)) });
}

/**
 * The gradient of any operator that copies elements of `value` to its output. `move` applies the operator to the indices of
 * the elements instead of the elements; the moved indices say where each gradient belongs.
 */
export function scatterByIndex(
  c: GradientBuild,
  gradient: Value,
  value: Value,
  move: (indices: Value) => Value,
): Value {
  const { facts, build } = c;
  const count = facts.staticShape(value)?.reduce((product, dim) => product * dim, 1);
  const size = count === undefined ? build.op("Size", [value]) : build.int(count);
  const flat = build.ints([-1]);
  const length = count === undefined ? build.op("Reshape", [size, flat]) : build.ints([count]);
  const range = build.op("Range", [build.int(0), size, build.int(1)]);
  const numbers = build.op("Reshape", [range, shapeOf(c, value)], { allowzero: 1n });
  const places = build.op("Reshape", [move(numbers), flat]);
  const sum = scatterAdd(
    c,
    build.op("Reshape", [gradient, flat]),
    value,
    (zeros, updates) => build.op("ScatterElements", [zeros, places, updates], { axis: 0n, reduction: "add" }),
    length,
  );
  return build.op("Reshape", [sum, shapeOf(c, value)], { allowzero: 1n });
}
