import { product } from "../base/integers.js";
import { isFloat } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { constantTensor } from "../rules/constants.js";
import { sameDim } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import type { CompoundInput } from "./compound.js";

/** Constants with more elements are data rather than parameters. */
const MAX_ELEMENTS = 1 << 20;

/**
 * The operand of a Mul or Add beside `data` as a parameter over `axes`, consecutive axes of `data`: a value that has
 * those sizes, or the constant as it would be with them. Undefined where it varies along another axis, or would make
 * `data` larger.
 */
export function parameterOver(
  operand: Value,
  data: Value,
  axes: readonly number[],
  facts: Facts,
): CompoundInput | undefined {
  const shape = facts.shape(data);
  const sizes = axes.map((axis) => shape?.[axis]);
  const first = axes[0];
  if (shape === undefined || first === undefined) return undefined;
  const own = facts.shape(operand);
  const isLast = first + axes.length === shape.length;
  if (isLast && own?.length === sizes.length && own.every((dim, i) => sameDim(dim, sizes[i]))) return operand;
  const tensor = constantTensor(operand);
  if (tensor === undefined || tensor.dims.length > shape.length || !isFloat(tensor.dtype)) return undefined;
  const offset = shape.length - tensor.dims.length;
  const outside = tensor.dims.some((dim, axis) => dim !== 1 && !axes.includes(axis + offset));
  const target = sizes.flatMap((dim) => (typeof dim === "number" ? dim : []));
  const count = product(target);
  if (outside || target.length < sizes.length || count > MAX_ELEMENTS) return undefined;
  const inside = axes.map((axis) => (axis < offset ? 1 : (tensor.dims[axis - offset] ?? 1)));
  if (inside.some((dim, i) => dim !== 1 && dim !== target[i])) return undefined;
  return { constant: stretched(tensor, inside, target), name: operand.name };
}

/** A parameter of equal elements over `axes` of `data`; undefined where their sizes are not known. */
export function uniformOver(
  value: number,
  data: Value,
  axes: readonly number[],
  facts: Facts,
  name: string,
): CompoundInput | undefined {
  const [shape, dtype] = [facts.shape(data), facts.dtype(data)];
  const dims = axes.flatMap((axis) => {
    const size = shape?.[axis];
    return typeof size === "number" ? size : [];
  });
  const count = product(dims);
  if (dtype === undefined || !isFloat(dtype) || dims.length < axes.length || count > MAX_ELEMENTS)
    return undefined;
  const elements = Array.from({ length: count }, () => value);
  return { constant: tensorFromNumbers(dtype, dims, elements), name };
}

/** The elements of `tensor`, seen with sizes `from`, repeated to sizes `to`. */
function stretched(tensor: Tensor, from: readonly number[], to: readonly number[]): Tensor {
  if (from.every((dim, i) => dim === to[i])) return tensor.reshaped(to);
  const elements = tensor.toFloat64();
  const count = product(to);
  const repeated = Array.from({ length: count }, (_, index) => {
    let [rest, at, stride] = [index, 0, 1];
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const size = to[axis] ?? 1;
      if (from[axis] !== 1) at += (rest % size) * stride;
      stride *= from[axis] ?? 1;
      rest = Math.floor(rest / size);
    }
    return elements[at] ?? Number.NaN;
  });
  return tensorFromNumbers(tensor.dtype, to, repeated);
}

/** The axes of a reduction, counted from the front and ascending; undefined if they are not known, or not listed, which means all. */
export function reducedAxes(
  node: { input(index: number): Value | undefined; ints(name: string): readonly number[] | undefined },
  rank: number | undefined,
  facts: Facts,
): readonly number[] | undefined {
  const given = node.input(1);
  const listed = given === undefined ? node.ints("axes") : facts.numbers(given);
  if (listed === undefined || listed.length === 0 || rank === undefined) return undefined;
  const axes = listed.map((axis) => (axis < 0 ? axis + rank : axis));
  return [...new Set(axes)].sort((a, b) => a - b);
}
