import { product } from "../../base/integers.js";
import { isRefusal } from "../../base/refusal.js";
import type { Value } from "../../ir/graph.js";
import { tensorFromNumbers } from "../../ir/tensor.js";
import { type FacetTable, missing } from "../../rules/facet.js";
import type { GradientContext, GradientRule } from "../../rules/gradient/rule.js";
import { elementCount, joinSizes, range, sizeParts, sizesOf } from "../../rules/gradient/sizes.js";
import { reshapeLike, scalarLike, shapeOf } from "../../rules/gradient/support.js";
import { refusals as shared } from "../../rules/refusals.js";
import { type PaddedWindow, readWindow, restOf, spread } from "../convolution/gradient-window.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** The gradient of each place goes to its largest element, whose index is MaxPool's second output. */
const maxPool: GradientRule = (c) => {
  const { node, facts, build } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  if (node.int("storage_order", 0) !== 0) return refusals.indicesAreColumnMajor();
  const x = c.input(0);
  const dtype = facts.dtype(x);
  if (dtype === "float16" || dtype === "bfloat16") {
    return refusals.halfFloatsAreNotScattered(dtype);
  }
  const indices = build.op("Reshape", [c.forwardOutput(1), build.ints([-1])]);
  const size = facts.staticShape(x)?.reduce((count, dim) => count * dim, 1);
  const sizes =
    size === undefined ? build.op("Reshape", [build.op("Size", [x]), build.ints([1])]) : build.ints([size]);
  const zeros = build.op("Expand", [scalarLike(c, 0, x), sizes]);
  const flat = build.op("Reshape", [g, build.ints([-1])]);
  const scattered = build.op("ScatterElements", [zeros, indices, flat], { axis: 0n, reduction: "add" });
  return [reshapeLike(c, scattered, x)];
};

/** The elements that the window counts at each place along one axis, [places] in the type of x. */
function countsAlong(c: GradientContext, window: PaddedWindow, axis: number, x: Value, y: Value): Value {
  const { build, facts, node } = c;
  const withPads = node.int("count_include_pad", 0) !== 0;
  const [kernel = 1, stride = 1, dilation = 1] = [window.kernel, window.strides, window.dilations].map(
    (list) => list[axis],
  );
  const begin = window.begin[axis] ?? 0;
  const beyond = withPads ? (window.end[axis] ?? 0) : 0;
  const taps = range(kernel).map((tap) => tap * dilation - begin);
  const [size, count] = [facts.shape(x)?.[axis + 2], facts.shape(y)?.[axis + 2]];
  const dtype = facts.dtype(x);
  if (typeof size === "number" && typeof count === "number" && dtype !== undefined) {
    const counts = range(count).map(
      (place) =>
        taps.filter((tap) => {
          const at = place * stride + tap;
          return (withPads || at >= 0) && at < size + beyond;
        }).length,
    );
    return build.constant(tensorFromNumbers(dtype, [count], counts));
  }
  const scalarOf = (value: Value): Value => build.op("Squeeze", [sizesOf(c, value, axis + 2, axis + 3)]);
  const places = build.op("Range", [build.int(0), scalarOf(y), build.int(1)]);
  const starts = build.op("Unsqueeze", [build.op("Mul", [places, build.int(stride)]), build.ints([1])]);
  const reads = build.op("Add", [starts, build.ints(taps)]);
  const last = build.op("Add", [scalarOf(x), build.int(beyond)]);
  let inside = build.op("Less", [reads, last]);
  if (!withPads) inside = build.op("And", [inside, build.op("GreaterOrEqual", [reads, build.int(0)])]);
  return build.op("ReduceSum", [build.op("CastLike", [inside, x]), build.ints([1])], { keepdims: 0n });
}

/** True when every window counts all of its elements. */
function isUniform(
  { node }: GradientContext,
  window: PaddedWindow,
  rest: readonly number[] | undefined,
): boolean {
  const over = node.int("ceil_mode", 0) !== 0 && (rest === undefined || rest.some((count) => count < 0));
  if (over) return false;
  return node.int("count_include_pad", 0) !== 0 || [...window.begin, ...window.end].every((pad) => pad === 0);
}

/** The adjoint of a sum over windows: each element of x gets `factor` times g of all places that read it. */
function spreadOnes(
  c: GradientContext,
  g: Value,
  window: PaddedWindow,
  factor: number,
  x: Value,
  y: Value,
): Value {
  const { build } = c;
  const rank = window.kernel.length + 2;
  const ones = build.op("Expand", [scalarLike(c, factor, x), build.ints([1, 1, ...window.kernel])]);
  // All planes as one channel each need only one kernel.
  const planes = build.op("Reshape", [g, joinSizes(c, [-1, 1, ...sizeParts(c, y, 2, rank)])]);
  return reshapeLike(c, spread(c, planes, ones, window, 1, x, y), x);
}

const averagePool: GradientRule = (c) => {
  const { node, build } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const [x, y] = [c.input(0), c.output(0)];
  const window = readWindow(c, x, node.ints("kernel_shape") ?? []);
  if (isRefusal(window)) return window;
  const size = product(window.kernel);
  if (isUniform(c, window, restOf(c, window, x, y))) return [spreadOnes(c, g, window, 1 / size, x, y)];
  let shares = g;
  for (const axis of window.kernel.keys()) {
    const counts = countsAlong(c, window, axis, x, y);
    const inner = range(window.kernel.length - 1 - axis).map((offset) => offset + 1);
    const along = inner.length === 0 ? counts : build.op("Unsqueeze", [counts, build.ints(inner)]);
    shares = build.op("Div", [shares, along]);
  }
  return [spreadOnes(c, shares, window, 1, x, y)];
};

/** The gradient of y = (sum of |x|^p)^(1/p) by x, with g y^(1 - p) brought back to the places of x; 0 where y is 0. */
function powerGradient(c: GradientContext, p: number, g: Value, bring: (value: Value) => Value): Value {
  const { build } = c;
  const [x, y] = [c.input(0), c.output(0)];
  if (p === 1) return build.op("Mul", [build.op("Sign", [x]), bring(g)]);
  const zero = scalarLike(c, 0, x);
  const isZero = build.op("Equal", [y, zero]);
  const norm = build.op("Where", [isZero, scalarLike(c, 1, x), y]);
  const divisor = p === 2 ? norm : build.op("Pow", [norm, scalarLike(c, p - 1, x)]);
  const shares = build.op("Where", [isZero, zero, build.op("Div", [g, divisor])]);
  if (p === 2) return build.op("Mul", [x, bring(shares)]);
  const powers = build.op("Pow", [build.op("Abs", [x]), scalarLike(c, p - 1, x)]);
  return build.op("Mul", [build.op("Mul", [build.op("Sign", [x]), powers]), bring(shares)]);
}

const lpPool: GradientRule = (c) => {
  const { node } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const [x, y] = [c.input(0), c.output(0)];
  const window = readWindow(c, x, node.ints("kernel_shape") ?? []);
  if (isRefusal(window)) return window;
  return [powerGradient(c, node.int("p", 2), g, (value) => spreadOnes(c, value, window, 1, x, y))];
};

const globalLpPool: GradientRule = (c) => {
  const g = c.grad(0);
  return g === undefined ? [] : [powerGradient(c, c.node.int("p", 2), g, (value) => value)];
};

function spatialAxes({ facts }: GradientContext, x: Value): readonly number[] | undefined {
  const rank = facts.rank(x);
  return rank === undefined ? undefined : range(rank).slice(2);
}

const globalAveragePool: GradientRule = (c) => {
  const { build } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const x = c.input(0);
  const axes = spatialAxes(c, x);
  if (axes === undefined) return shared.inputRankIsUnknown();
  return [build.op("Expand", [build.op("Div", [g, elementCount(c, x, axes)]), shapeOf(c, x)])];
};

/** Elements that share the largest value share its gradient. */
const globalMaxPool: GradientRule = (c) => {
  const { build } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const x = c.input(0);
  const axes = spatialAxes(c, x);
  if (axes === undefined) return shared.inputRankIsUnknown();
  const mask = build.op("CastLike", [build.op("Equal", [x, c.output(0)]), x]);
  const ties = build.op("ReduceSum", [mask, build.ints(axes)], { keepdims: 1n });
  return [build.op("Mul", [mask, build.op("Div", [g, ties])])];
};

export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  AveragePool: averagePool,
  GlobalAveragePool: globalAveragePool,
  GlobalLpPool: globalLpPool,
  GlobalMaxPool: globalMaxPool,
  LpPool: lpPool,
  MaxPool: maxPool,
  MaxUnpool: missing("it could gather by its indices"),
};
