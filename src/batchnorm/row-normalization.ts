import { Builder } from "../ir/builder.js";
import { isFloat } from "../ir/dtype.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import { DEFAULT_EPSILON } from "../ops/normalization/lift.js";
import { constantTensor } from "../rules/constants.js";
import { sameShape } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import { prune, substitute } from "./edit.js";
import { onlyReader } from "./neighbours.js";
import { rounded } from "./parameters.js";

/** y = scale[c] * x + shift[c] of a BatchNormalization in inference form, in float64. */
export interface ChannelMap {
  /** gamma / sqrt(Var + epsilon) */
  readonly scale: Float64Array;
  /** beta - mean * scale */
  readonly shift: Float64Array;
  /** The stored mean. */
  readonly mean: Float64Array;
}

/**
 * Reads the map of a BatchNormalization whose parameters are constants; undefined where they are not, or in training
 * form.
 */
export function channelMapOf(node: Node): ChannelMap | undefined {
  if (node.outputs.slice(1).some((value) => value !== null)) return undefined;
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) =>
    constantTensor(node.input(index))?.toFloat64(),
  );
  if (!gamma || !beta || !mean || !variance) return undefined;
  const epsilon = node.float("epsilon", DEFAULT_EPSILON);
  const scale = gamma.map((value, c) => value / Math.sqrt((variance[c] ?? NaN) + epsilon));
  const shift = beta.map((value, c) => value - (mean[c] ?? NaN) * (scale[c] ?? NaN));
  return { scale, shift, mean };
}

/** A normalization of rows between two views, as insertion writes it for the last axis. */
export interface RowNormalization {
  /** The value of [..., C] that is viewed as rows, [-1, C]. */
  readonly whole: Value;
  /** The normalized rows in the shape of `whole`. */
  readonly result: Value;
  /** The Reshape to that shape. */
  readonly back: Node;
}

/** Reads the views around a BatchNormalization of rows; undefined where it normalizes no rows. */
export function readRowNormalization(node: Node, facts: Facts): RowNormalization | undefined {
  const output = node.output(0);
  const rows = node.input(0)?.producer;
  const back = onlyReader(output);
  const [whole, result] = [rows?.input(0), back?.output(0)];
  if (!rows?.is("Reshape") || !back?.is("Reshape") || !whole || !result || back.input(0) !== output) {
    return undefined;
  }
  const channels = constantTensor(node.input(1))?.size;
  if (channels === undefined || !isRowView(rows, channels, facts)) return undefined;
  return givesBack(back, whole, result, facts) ? { whole, result, back } : undefined;
}

/**
 * Writes a BatchNormalization of rows as Mul and Add along the last axis: the inference form does not need the rows,
 * and the product before it absorbs both. True where it was done.
 */
export function unwrapRows(graph: Graph, node: Node, facts: Facts): boolean {
  const map = channelMapOf(node);
  const rows = readRowNormalization(node, facts);
  const dtype = constantTensor(node.input(1))?.dtype;
  if (!map || !rows || dtype === undefined || !isFloat(dtype)) return false;
  const { whole, result, back } = rows;
  const name = node.name || node.key;
  const build = new Builder(graph, { before: node, prefix: `${name}_` });
  const vector = (numbers: Float64Array, role: string): Value =>
    build.constant(tensorFromNumbers(dtype, [numbers.length], numbers), `${name}_${role}`);
  const isOne = rounded(dtype, map.scale).every((value) => value === 1);
  const scaled = isOne ? whole : build.op("Mul", [whole, vector(map.scale, "scale")]);
  substitute(result, build.op("Add", [scaled, vector(map.shift, "shift")]));
  prune(back);
  return true;
}

/** Whether the Reshape views [..., C] as [-1, C]. */
function isRowView(rows: Node, channels: number, facts: Facts): boolean {
  const target = rows.input(1) && constantTensor(rows.input(1))?.toIntegers();
  const whole = rows.input(0);
  if (target === undefined || whole === undefined) return false;
  const fits = target.length === 2 && target[0] === -1 && target[1] === channels;
  return fits && facts.shape(whole)?.at(-1) === channels;
}

function givesBack(back: Node, whole: Value, result: Value, facts: Facts): boolean {
  const shape = back.input(1)?.producer;
  if (shape?.is("Shape") && shape.input(0) === whole && shape.attributes.size === 0) return true;
  return sameShape(facts.shape(whole), facts.shape(result));
}
