import { Builder } from "../ir/builder.js";
import type { Node, Value } from "../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";
import { onlyReader } from "./neighbours.js";

/**
 * A MaxPool that is the only reader of a value, directly or through an activation. Where the map before it rises in
 * each channel, it keeps the largest element the largest, so that pooling first gives the same numbers from a quarter
 * of the elements.
 */
export interface PoolBehind {
  /** The MaxPool. */
  readonly pool: Node;
  /** The activation before it. */
  readonly activation: Node | undefined;
}

/** An activation that never falls, whatever its attributes are. */
function risesEverywhere(node: Node): boolean {
  return hasTrait(node, "nonlinearity") && hasTrait(node, "monotone");
}

/** The MaxPool that alone reads the value; undefined where there is none. */
export function poolBehind(value: Value | undefined): PoolBehind | undefined {
  const next = onlyReader(value);
  const activation = next !== undefined && risesEverywhere(next) ? next : undefined;
  const pool = activation === undefined ? next : onlyReader(activation.output(0));
  if (!pool?.is("MaxPool") || pool.outputs.length > 1 || pool.graph !== value?.graph) return undefined;
  return { pool, activation };
}

/** Pools `x` as the MaxPool does. */
export function poolBefore(build: Builder, x: Value, { pool }: PoolBehind): Value {
  return build.op("MaxPool", [x], Object.fromEntries(pool.attributes));
}

/**
 * The scales of a normalization made positive, and the sign by which each channel of its input was multiplied for that.
 */
export interface RisingMap {
  /** [channels] */
  readonly scale: Value;
  /** [1, channels, 1, ...]; undefined where no channel was multiplied by -1. */
  readonly signs: Value | undefined;
}

/**
 * Multiplies the channels of `x` with a negative scale by -1, in the weights and the bias of the Conv that gives `x` to
 * this one reader. undefined where the scales are not known, and where one is negative and there is no such Conv.
 */
export function makeRising(build: Builder, x: Value, scale: Value): RisingMap | undefined {
  const scales = constantTensor(scale)?.toFloat64();
  if (scales === undefined || scales.some(Number.isNaN)) return undefined;
  if (scales.every((value) => value >= 0)) return { scale, signs: undefined };
  const conv = x.producer;
  const [weight, bias] = [conv?.input(1), conv?.input(2)];
  const rank = constantTensor(weight)?.dims.length;
  if (!conv?.is("Conv") || weight === undefined || rank === undefined || onlyReader(x) === undefined)
    return undefined;
  const signs = Array.from(scales, (value) => (value < 0 ? -1 : 1));
  const over = (axes: number): Tensor =>
    tensorFromNumbers("float", [signs.length, ...Array.from({ length: axes }, () => 1)], signs);
  const weights = new Builder(build.graph, { before: conv, prefix: build.prefix });
  conv.setInput(1, weights.op("Mul", [weight, weights.constant(over(rank - 1))]));
  if (bias !== undefined) conv.setInput(2, weights.op("Mul", [bias, weights.constant(over(0))]));
  return { scale: build.op("Abs", [scale]), signs: build.constant(over(rank - 2)) };
}
