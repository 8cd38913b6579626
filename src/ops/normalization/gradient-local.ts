import type { Value } from "../../ir/graph.js";
import type { GradientContext, GradientRule } from "../../rules/gradient/rule.js";
import { reshapeLike, scalarLike } from "../../rules/gradient/support.js";

/** The sum over `before` channels in front of each channel and `after` channels behind it. */
function windowSum(c: GradientContext, x: Value, before: number, after: number): Value {
  const { build } = c;
  const size = before + after + 1;
  // [N, C, ...] -> [N, 1, C, all places], over which a pool of one axis goes.
  const planes = build.op("Reshape", [
    build.op("Unsqueeze", [x, build.ints([1])]),
    build.ints([0, 0, 0, -1]),
  ]);
  const means = build.op("AveragePool", [planes], {
    kernel_shape: [size, 1],
    pads: [before, 0, after, 0],
    count_include_pad: 1n,
  });
  return build.op("Mul", [reshapeLike(c, means, x), scalarLike(c, size, x)]);
}

/**
 * LRN: y = x * S^-beta with S = bias + alpha / size * (the sum of x^2 over the channels around), so
 * dx = g * S^-beta - 2 alpha beta / size * x * (the sum of g * y / S over the channels that see this one).
 */
export const localResponse: GradientRule = (c) => {
  const { build, node } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const [x, y] = [c.input(0), c.output(0)];
  const size = node.int("size", 1);
  const [alpha, beta] = [node.float("alpha", 1e-4), node.float("beta", 0.75)];
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const squares = windowSum(c, build.op("Mul", [x, x]), before, after);
  const scaled = build.op("Mul", [squares, scalarLike(c, alpha / size, x)]);
  const s = build.op("Add", [scaled, scalarLike(c, node.float("bias", 1), x)]);
  const own = build.op("Mul", [g, build.op("Pow", [s, scalarLike(c, -beta, x)])]);
  const seen = windowSum(c, build.op("Div", [build.op("Mul", [g, y]), s]), after, before);
  const others = build.op("Mul", [build.op("Mul", [x, seen]), scalarLike(c, (2 * alpha * beta) / size, x)]);
  return [build.op("Sub", [own, others])];
};
