import { type DType, isFloat } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";

/** The least and the greatest number that a value may be. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/**
 * The end of a Clip of floats without a bound, as ONNX and onnxruntime have it: the largest number of the type, which is
 * what comes out of infinity. Standing for that of every type, it is larger than any bound that is given.
 */
const LARGEST = Number.MAX_VALUE;

/** A value between bounds. */
export interface Bounded extends Bounds {
  readonly input: Value;
  readonly index: number;
}

/** What a Relu, a Clip, or a Min or Max of a value and a number bounds; undefined where that is not known or the bounds cross. */
export function boundedBy(node: Node, facts: Facts): Bounded | undefined {
  if (node.is("Min", "Max")) return boundedByNumber(node, facts);
  const [input, output] = [node.input(0), node.output(0)];
  if (input === undefined || output === undefined) return undefined;
  if (node.is("Relu")) return { input, index: 0, low: 0, high: Number.POSITIVE_INFINITY };
  if (!node.is("Clip")) return undefined;
  const dtype = facts.dtype(output);
  const end = dtype === undefined || isFloat(dtype) ? LARGEST : Number.POSITIVE_INFINITY;
  const bound = (index: number, name: string, open: number): number | undefined => {
    if ((facts.opset(node) ?? 0) < 11) return node.float(name, open);
    const value = node.input(index);
    if (value === undefined) return open;
    const numbers = facts.numbers(value);
    return numbers?.length === 1 ? numbers[0] : undefined;
  };
  const low = bound(1, "min", -end);
  const high = bound(2, "max", end);
  return low === undefined || high === undefined || !(low <= high)
    ? undefined
    : { input, index: 0, low, high };
}

/** Min and Max of a value and a number that does not stretch it, where the opset's Clip takes the type. */
function boundedByNumber(node: Node, facts: Facts): Bounded | undefined {
  const [first, second] = [node.input(0), node.input(1)];
  if (node.inputs.length !== 2 || first === undefined || second === undefined) return undefined;
  const opset = facts.opset(node) ?? 0;
  for (const [index, input, operand] of [
    [0, first, second],
    [1, second, first],
  ] as const) {
    const tensor = constantTensor(operand);
    const rank = facts.rank(input);
    if (tensor?.size !== 1 || rank === undefined || tensor.dims.length > rank) continue;
    if (opset < 8 || (opset < 12 && tensor.dtype !== "float") || !isBoundable(tensor.dtype)) return undefined;
    const number = tensor.toFloat64()[0] ?? Number.NaN;
    if (!Number.isFinite(number)) return undefined;
    return node.is("Min")
      ? { input, index, low: Number.NEGATIVE_INFINITY, high: number }
      : { input, index, low: number, high: Number.POSITIVE_INFINITY };
  }
  return undefined;
}

/** Whether numbers of the type, which a bound is kept as here, are exact. */
function isBoundable(dtype: DType): boolean {
  return dtype === "float" || dtype === "double" || dtype === "float16" || /^u?int(8|32)$/.test(dtype);
}

/** The bounds of an operator that gives no negative number. */
export function rangeOf(node: Node): Bounds | undefined {
  if (!hasTrait(node, "nonNegative")) return undefined;
  return { low: 0, high: hasTrait(node, "unitRange") ? 1 : Number.POSITIVE_INFINITY };
}

/** The bounds without the end of the type, which only infinity meets. */
export function givenBounds({ low, high }: Bounds): Bounds {
  return {
    low: low <= -LARGEST ? Number.NEGATIVE_INFINITY : low,
    high: high >= LARGEST ? Number.POSITIVE_INFINITY : high,
  };
}

/** Whether the outer bounds change nothing between the inner ones. */
export function isWithin(inner: Bounds, outer: Bounds): boolean {
  return inner.low >= outer.low && inner.high <= outer.high;
}

/** The bounds of all numbers. */
export const UNBOUNDED: Bounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
