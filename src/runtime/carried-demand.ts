import type { Node, Value } from "../ir/graph.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";
import type { Demand } from "../rules/operands/rule.js";

type DemandOn = (output: Value) => Demand | undefined;
type DimsOf = (value: Value) => readonly number[] | undefined;

/**
 * The demand on input `index` of a node that only moves elements, from the demands on its outputs. A range holds wherever
 * its elements go. Single elements are followed where their order is known: through views, and along one axis.
 */
export function carriedBack(
  node: Node,
  index: number,
  demandOn: DemandOn,
  dimsOf: DimsOf,
): Demand | undefined {
  if (!hasTrait(node, "movesData") && !node.is("Cast", "CastLike", "Split", "Where")) return undefined;
  const isData = node.is("Concat") || (node.is("Where") ? index > 0 : index === 0);
  if (!isData) return undefined;
  let found: Demand | undefined;
  node.outputs.forEach((output, at) => {
    const demand = output === null ? undefined : demandOn(output);
    if (demand === undefined) return;
    if (demand.kind === "range") found = merged(found, demand);
    else found = merged(found, moved(node, index, at, demand.elements, dimsOf));
  });
  return found;
}

type Elements = readonly (number | undefined)[];

function moved(
  node: Node,
  index: number,
  output: number,
  elements: Elements,
  dimsOf: DimsOf,
): Demand | undefined {
  const inOrder = hasTrait(node, "view") || node.is("Identity", "Cast", "CastLike");
  if (inOrder) return { kind: "elements", elements };
  const input = node.input(index);
  const dims = input && dimsOf(input);
  if (dims === undefined || dims.length > 1) return undefined;
  const count = dims[0] ?? 1;
  if (node.is("Concat")) {
    const start = startOf(node.inputs.slice(0, index), dimsOf);
    return start === undefined
      ? undefined
      : { kind: "elements", elements: elements.slice(start, start + count) };
  }
  if (node.is("Split")) {
    const start = startOf(node.outputs.slice(0, output), dimsOf);
    return start === undefined ? undefined : scattered(count, elements, (at) => start + at);
  }
  const places = node.is("Gather", "Slice") ? placesOf(node, count) : undefined;
  return places === undefined ? undefined : scattered(count, elements, (at) => places[at]);
}

/** The elements of the vectors in front. */
function startOf(vectors: readonly (Value | null)[], dimsOf: DimsOf): number | undefined {
  let start: number | undefined = 0;
  for (const value of vectors) {
    const size = value === null ? undefined : dimsOf(value)?.[0];
    if (size === undefined || start === undefined) return undefined;
    start += size;
  }
  return start;
}

/** The places of the input that a constant Gather or Slice takes, in the order of its output. */
function placesOf(node: Node, count: number): readonly number[] | undefined {
  const number = (index: number, fallback: number): number | undefined => {
    const value = node.input(index);
    return value === undefined ? fallback : constantTensor(value)?.toFloat64()[0];
  };
  const wrapped = (place: number): number => (place < 0 ? place + count : place);
  if (node.is("Gather")) {
    const indices = node.input(1) && constantTensor(node.input(1))?.toFloat64();
    return indices && [...indices].map(wrapped);
  }
  // Before opset 10 the bounds are attributes.
  const start = node.ints("starts")?.[0] ?? number(1, 0);
  const end = node.ints("ends")?.[0] ?? number(2, count);
  const step = number(4, 1);
  if (start === undefined || end === undefined || step === undefined || step < 1) return undefined;
  const places: number[] = [];
  for (let at = Math.max(0, wrapped(start)); at < Math.min(count, wrapped(end)); at += step) places.push(at);
  return places;
}

/** The elements back at their places of an input of `count` elements; the others are free. */
function scattered(count: number, elements: Elements, placeOf: (at: number) => number | undefined): Demand {
  const all = Array.from({ length: count }, (): number | undefined => undefined);
  elements.forEach((element, at) => {
    const place = placeOf(at);
    if (place !== undefined && place < count) all[place] = element;
  });
  return { kind: "elements", elements: all };
}

/** What suits both readers, as far as that can be: elements before ranges, and the ranges' common part. */
export function merged(a: Demand | undefined, b: Demand | undefined): Demand | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.kind === "elements" && b.kind === "elements") {
    return { kind: "elements", elements: a.elements.map((element, at) => element ?? b.elements[at]) };
  }
  if (a.kind === "elements") return a;
  if (b.kind === "elements") return b;
  const [low, high] = [Math.max(a.low, b.low), Math.min(a.high, b.high)];
  return low < high ? { kind: "range", low, high, whole: a.whole || b.whole } : a;
}
