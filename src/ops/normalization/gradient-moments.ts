import type { Value } from "../../ir/graph.js";
import type { GradientContext } from "../../rules/gradient/rule.js";
import { elementCount } from "../../rules/gradient/sizes.js";
import { scalarLike } from "../../rules/gradient/support.js";

/** The parts of a normalization of x; both broadcast to x. */
export interface Moments {
  /** x - mean. */
  readonly centred: Value;
  /** 1 / sqrt(variance + epsilon). */
  readonly inverse: Value;
}

/** The mean over some axes, which stay with size 1. */
export function meanOver({ build }: GradientContext, value: Value, axes: readonly number[]): Value {
  return build.op("ReduceMean", [value, build.ints(axes)], { keepdims: 1n });
}

/** The sum over some axes, which stay with size 1 if `keep` is set. */
export function sumOver(
  { build }: GradientContext,
  value: Value,
  axes: readonly number[],
  keep: boolean,
): Value {
  return build.op("ReduceSum", [value, build.ints(axes)], { keepdims: keep ? 1n : 0n });
}

/** 1 / sqrt(variance + epsilon) with the epsilon of the node. */
export function inverseDeviation(c: GradientContext, variance: Value): Value {
  const { build, node } = c;
  const epsilon = scalarLike(c, node.float("epsilon", 1e-5), variance);
  return build.op("Reciprocal", [build.op("Sqrt", [build.op("Add", [variance, epsilon])])]);
}

/** The moments of x over some axes, computed again, because the forward node does not give them. */
export function momentsOf(c: GradientContext, x: Value, axes: readonly number[]): Moments {
  const { build } = c;
  const centred = build.op("Sub", [x, meanOver(c, x, axes)]);
  const variance = meanOver(c, build.op("Mul", [centred, centred]), axes);
  return { centred, inverse: inverseDeviation(c, variance) };
}

/** The normalized x. */
export function normalized({ build }: GradientContext, { centred, inverse }: Moments): Value {
  return build.op("Mul", [centred, inverse]);
}

/**
 * The gradient of x from the gradient h of xh = (x - mean) * inverse: inverse * (h - mean(h) - xh * mean(h * xh)). Without
 * `isCentred` nothing was subtracted from x, and the term mean(h) is missing.
 */
export function throughMoments(
  c: GradientContext,
  h: Value,
  xh: Value,
  inverse: Value,
  axes: readonly number[],
  isCentred = true,
): Value {
  const { build } = c;
  const along = build.op("Mul", [xh, meanOver(c, build.op("Mul", [h, xh]), axes)]);
  const rest = isCentred ? build.op("Sub", [h, meanOver(c, h, axes)]) : h;
  return build.op("Mul", [inverse, build.op("Sub", [rest, along])]);
}

/** value / (the number of elements of x over some axes). */
export function perElement(c: GradientContext, value: Value, x: Value, axes: readonly number[]): Value {
  return c.build.op("Div", [value, elementCount(c, x, axes)]);
}
