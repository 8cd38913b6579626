import { literal } from "../../support/text.js";
import { type Apply, at, type Draft, knownAxis, replaced, type Var } from "./draft.js";
import { MOVEMENT } from "./movement.js";

/** One operator behind another of its kind. */
const twice: Apply = (d, x) => {
  const apply = d.one(MOVEMENT);
  const [first] = [apply(d, x)].flat();
  const second = first === undefined ? undefined : apply(d, first);
  return second ?? first;
};

/** Borders that grow, and that are cut off again in whole or in part. */
const pads: Apply = (d, x) => {
  const axis = knownAxis(d, x.dims);
  const size = axis === undefined ? undefined : at(x.dims, axis);
  // Two Pads may cut off four elements.
  if (axis === undefined || size === undefined || size < 5 || x.kind !== "float") return undefined;
  const mode = d.one(["constant", "constant", "edge"]);
  const value = mode === "constant" && d.chance(0.4) ? [d.all([], d.pick(2))] : [];
  let result = x;
  for (let count = 0; count < 2; count++) {
    const length = at(result.dims, axis) ?? 0;
    const [before, after] = mode === "edge" ? [d.pick(3), d.pick(2)] : [d.pick(4) - 1, d.pick(3) - 1];
    const list = [before, after].flatMap((n) => x.dims.map((_, i) => (i === axis ? n : 0)));
    const dims = replaced(result.dims, axis, length + before + after);
    result = d.node("Pad", [result, d.integers(list), ...value], dims, [`mode = "${mode}"`]);
  }
  return result;
};

/** Cut in pieces, most of which come together again in their order. */
const pieces: Apply = (d, x) => {
  const axis = knownAxis(d, x.dims);
  const size = axis === undefined ? undefined : at(x.dims, axis);
  if (axis === undefined || size === undefined || size < 3) return undefined;
  const first = 1 + d.pick(size - 2);
  const borders = [d.chance(0.7) ? 0 : 1, first, d.chance(0.5) ? size - 1 : size, size];
  const cut: Var[] = [];
  for (const [i, start] of borders.slice(0, 3).entries()) {
    const end = borders[i + 1] ?? size;
    if (end > start) cut.push(sliced(d, x, axis, start, end));
  }
  const order = d.chance(0.8) ? cut : [...cut].reverse();
  const length = order.reduce((sum, { dims }) => sum + (at(dims, axis) ?? 0), 0);
  const joined = d.node("Concat", order, replaced(x.dims, axis, length), [`axis = ${axis}`], x.kind);
  return d.chance(0.3) ? [joined, ...cut.slice(0, 1)] : joined;
};

function sliced(d: Draft, x: Var, axis: number, start: number, end: number): Var {
  const numbers = [[start], [end], [axis]].map((values) => d.integers(values));
  return d.node("Slice", [x, ...numbers], replaced(x.dims, axis, end - start), [], x.kind);
}

/** Something of one part of a Concat, or of two. */
const parts: Apply = (d, x) => {
  const axis = knownAxis(d, x.dims);
  const size = axis === undefined ? undefined : at(x.dims, axis);
  if (axis === undefined || size === undefined || size < 1) return undefined;
  const y = d.beside(x);
  const whole = d.node("Concat", [x, y, x], replaced(x.dims, axis, 3 * size), [`axis = ${axis}`], x.kind);
  if (d.chance(0.3)) {
    const halves = [size, 2 * size].map(
      (length): Var => ({ name: d.fresh(), kind: x.kind, dims: replaced(x.dims, axis, length) }),
    );
    const sizes = d.integers([size, 2 * size]);
    d.line(
      `${halves.map(({ name }) => name).join(", ")} = Split <axis = ${axis}> (${whole.name}, ${sizes})`,
      [whole],
    );
    return halves;
  }
  const readers = Array.from({ length: 1 + d.pick(2) }, () => {
    const start = d.pick(3 * size);
    if (d.chance(0.5)) return sliced(d, whole, axis, start, start + 1 + d.pick(3 * size - start));
    const index = d.integers([d.chance(0.5) ? start : start - 3 * size]);
    return d.node("Gather", [whole, index], replaced(x.dims, axis, 1), [`axis = ${axis}`], x.kind);
  });
  return readers;
};

/** Nested extremes and sums, with operands that cannot change the result. */
const nested: Apply = (d, x) => {
  if (x.kind !== "float") return undefined;
  const opType = d.one(["Max", "Min", "Sum", "Max"]);
  const limit = opType === "Max" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const operand = (): Var | string => {
    if (opType === "Sum" || d.chance(0.5)) return d.beside(x);
    const name = d.fresh();
    const dims = d.chance(0.5) || x.dims.length === 0 ? [] : [1];
    return d.declare(name, literal(name, dims, [d.chance(0.4) ? limit : d.pick(4) - 1]));
  };
  const inner = d.node(opType, [x, operand()], x.dims);
  const outer = [inner, operand(), ...(d.chance(0.4) ? [x] : [])];
  return d.node(opType, d.chance(0.5) ? outer : outer.reverse(), x.dims);
};

export const CHAINS: readonly Apply[] = [twice, pads, pieces, parts, nested, nested];
