import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import type { Facts } from "../rules/facts.js";

/** BatchNormalization in training form in plain operators, as insertion writes it. */
export interface DecomposedForm {
  /** The value that is normalized. */
  readonly x: Value;
  /** The normalized value. */
  readonly output: Value;
  /** The axis of the channels, counted from the front. */
  readonly axis: number;
  /** The rank of `x`. */
  readonly rank: number;
  /** scale, bias, running mean, running variance. */
  readonly parameters: readonly [Value, Value, Value, Value];
  /** Added to the variance. */
  readonly epsilon: number;
  /** The updated running mean and variance. */
  readonly running: readonly [Value, Value];
}

/** Reads y = (x - mean) / sqrt(variance + epsilon) * scale + bias with its running statistics from the Div in it. */
export function readDecomposed(div: Node, facts: Facts): DecomposedForm | undefined {
  if (!div.is("Div")) return undefined;
  const centred = producer(div.input(0), "Sub");
  const sum = producer(producer(div.input(1), "Sqrt")?.input(0), "Add");
  const mean = producer(centred?.input(1), "ReduceMean");
  const variance = producer(sum?.input(0), "ReduceMean");
  const square = producer(variance?.input(0), "Mul");
  const x = centred?.input(0);
  if (centred === undefined || mean === undefined || variance === undefined || x === undefined)
    return undefined;
  const distance = centred.output(0);
  if (mean.input(0) !== x || square?.input(0) !== distance || square?.input(1) !== distance) return undefined;
  const epsilon = sum?.input(1) && facts.numbers(sum.input(1) ?? x)?.[0];
  const rank = facts.rank(x);
  if (epsilon === undefined || rank === undefined) return undefined;
  const axis = keptAxis(mean, rank, facts);
  if (axis === undefined || axis !== keptAxis(variance, rank, facts)) return undefined;

  const scaled = onlyUser(div.output(0), "Mul");
  const shifted = onlyUser(scaled?.output(0), "Add");
  const [scale, bias] = [vectorOf(scaled?.input(1)), vectorOf(shifted?.input(1))];
  const [meanUpdate, varianceUpdate] = [updateOf(mean.output(0)), updateOf(variance.output(0))];
  const output = shifted?.output(0);
  if (!scale || !bias || !meanUpdate || !varianceUpdate || !output) return undefined;
  return {
    x,
    output,
    axis,
    rank,
    epsilon,
    parameters: [scale, bias, meanUpdate.old, varianceUpdate.old],
    running: [meanUpdate.value, varianceUpdate.value],
  };
}

function producer(value: Value | undefined, opType: StandardOperator): Node | undefined {
  return value?.producer?.is(opType) ? value.producer : undefined;
}

/** The one node of this operator that reads the value, however often; undefined where other nodes read it too. */
function onlyUser(value: Value | undefined, opType: StandardOperator): Node | undefined {
  const [node, ...others] = value?.users ?? [];
  return node?.is(opType) && others.length === 0 ? node : undefined;
}

/** The one axis that a mean with keepdims does not run over. */
function keptAxis(mean: Node, rank: number, facts: Facts): number | undefined {
  const input = mean.input(1);
  const axes = input === undefined ? mean.ints("axes") : facts.numbers(input);
  if (axes === undefined || mean.int("keepdims", 1) !== 1) return undefined;
  const over = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  const kept = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !over.has(axis));
  return kept.length === 1 ? kept[0] : undefined;
}

/** The stored vector, behind the Reshape that places it along the axis. */
function vectorOf(value: Value | undefined): Value | undefined {
  const vector = producer(value, "Reshape")?.input(0) ?? value;
  return vector?.tensor?.dims.length === 1 ? vector : undefined;
}

/** Finds the update of a running statistic by that of the batch: old * momentum + batch * (1 - momentum). */
function updateOf(batch: Value | undefined): { readonly old: Value; readonly value: Value } | undefined {
  for (const view of batch?.users ?? []) {
    const taken = view.is("Reshape") ? onlyUser(view.output(0), "Mul") : undefined;
    const sum = onlyUser(taken?.output(0), "Add");
    const old = vectorOf(producer(sum?.input(0), "Mul")?.input(0));
    const value = sum?.output(0);
    if (old !== undefined && value !== undefined) return { old, value };
  }
  return undefined;
}
