import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import type { Facts } from "../rules/facts.js";
import { fromFront, normalAxis, rankOf } from "../rules/shapes.js";

/** The bounds of a Slice along an axis, as the model gives them. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The bounds of a Slice by axis; undefined where they are not all known. They are inputs from opset 10 on. */
export function cutsOf(node: Node, facts: Facts): Map<number, Cut> | undefined {
  const data = node.input(0);
  const rank = rankOf(data, facts);
  if (rank === undefined || (facts.opset(node) ?? 0) < 10) return undefined;
  const read = (index: number): readonly number[] | undefined => {
    const value = node.input(index);
    return value === undefined ? undefined : facts.numbers(value);
  };
  const [starts, ends] = [read(1), read(2)];
  const axes = node.input(3) === undefined ? starts?.map((_, i) => i) : read(3);
  const steps = node.input(4) === undefined ? starts?.map(() => 1) : read(4);
  if (starts === undefined || ends === undefined || axes === undefined || steps === undefined)
    return undefined;
  const cuts = new Map<number, Cut>();
  for (const [i, given] of axes.entries()) {
    const [axis, start, end, step] = [normalAxis(given, rank), starts[i], ends[i], steps[i]];
    if (axis === undefined || start === undefined || end === undefined || step === undefined)
      return undefined;
    cuts.set(axis, { start, end, step });
  }
  return cuts;
}

/** Positions along an axis: the first, how many, and their distance. */
export interface Positions {
  readonly first: number;
  readonly count: number;
  readonly step: number;
}

/** The positions of a cut that goes forward along `size`. */
export function positions({ start, end, step }: Cut, size: number): Positions | undefined {
  if (step < 1) return undefined;
  const clamp = (bound: number): number => Math.min(Math.max(fromFront(bound, size), 0), size);
  const first = clamp(start);
  return { first, count: Math.max(Math.ceil((clamp(end) - first) / step), 0), step };
}

/** The size of a value along an axis, where it is a number. */
export function sizeAlong(value: Value, axis: number, facts: Facts): number | undefined {
  const size = facts.shape(value)?.[axis];
  return typeof size === "number" ? size : undefined;
}

/** The producer of a value, if it is an operator of this type. */
export function producerOf(
  value: Value | undefined,
  opType: StandardOperator,
  facts: Facts,
): Node | undefined {
  const node = value?.producer;
  return node?.is(opType) && !node.hasReferences && !facts.isCall(node) ? node : undefined;
}

/** The axis of a Concat, Split or Gather, counted from the front. */
export function axisOf(node: Node, facts: Facts): number | undefined {
  const axis = node.int("axis", node.is("Concat") ? Number.NaN : 0);
  const [input] = node.inputs;
  return input ? normalAxis(axis, facts.rank(input)) : undefined;
}

/** An input of a Concat, or an output of a Split, and its place along the axis. */
export interface Part {
  readonly value: Value;
  readonly first: number;
  readonly size: number;
}

/** The parts in order; undefined where a size is not known. */
export function partsAlong(
  values: readonly (Value | null)[],
  axis: number,
  facts: Facts,
): readonly Part[] | undefined {
  const parts: Part[] = [];
  let first = 0;
  for (const value of values) {
    const size = value === null ? undefined : sizeAlong(value, axis, facts);
    if (value === null || size === undefined) return undefined;
    parts.push({ value, first, size });
    first += size;
  }
  return parts;
}
