import { Builder } from "../ir/builder.js";
import type { Node, Value } from "../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";
import { onlyReader } from "./neighbours.js";

/**
 * A MaxPool that alone reads a value, through an activation or directly. Where the map in front of it rises in each channel, the
 * largest element is so before the map already: pooling first leaves it a quarter of the elements, and gives the same numbers.
 */
export interface PoolBehind {
  readonly pool: Node;
  readonly activation: Node | undefined;
}

/** An activation that never falls, whatever its attributes are. */
function risesEverywhere(node: Node): boolean {
  return hasTrait(node, "nonlinearity") && hasTrait(node, "monotone");
}

export function poolBehind(value: Value | undefined): PoolBehind | undefined {
  const next = onlyReader(value);
  const activation = next !== undefined && risesEverywhere(next) ? next : undefined;
  const pool = activation === undefined ? next : onlyReader(activation.output(0));
  if (!pool?.is("MaxPool") || pool.outputs.length > 1 || pool.graph !== value?.graph) return undefined;
  return { pool, activation };
}

/** The pooled `x`. */
export function poolBefore(build: Builder, x: Value, { pool }: PoolBehind): Value {
  return build.op("MaxPool", [x], Object.fromEntries(pool.attributes));
}

/** The scales of a normalization made positive, and by what sign each channel of its input was turned for that. */
export interface RisingMap {
  readonly scale: Value;
  /** [1, channels, 1, ...]; undefined where no channel had to be turned. */
  readonly signs: Value | undefined;
}

/**
 * Turns channels of `x` with a negative scale, in the weights and the bias of the Conv that gives it to this one reader. undefined
 * where a scale is negative or not known, and no such Conv is there.
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
  const turned = Array.from(scales, (value) => (value < 0 ? -1 : 1));
  const over = (axes: number): Tensor =>
    tensorFromNumbers("float", [turned.length, ...Array.from({ length: axes }, () => 1)], turned);
  const weights = new Builder(build.graph, { before: conv, prefix: build.prefix });
  conv.setInput(1, weights.op("Mul", [weight, weights.constant(over(rank - 1))]));
  if (bias !== undefined) conv.setInput(2, weights.op("Mul", [bias, weights.constant(over(0))]));
  return { scale: build.op("Abs", [scale]), signs: build.constant(over(rank - 2)) };
}
