import type { Value } from "../../ir/graph.js";
import { tensorFromNumbers } from "../../ir/tensor.js";
import type { GradientContext, GradientRule } from "../../rules/gradient/rule.js";
import { multiply, scatterAdd, shapeOf, subtract, zerosLike } from "../../rules/gradient/support.js";
import { fromFront, normalAxis } from "../../rules/shapes.js";
import { copying, padWith } from "./gradient-window.js";
import { refusals } from "./refusals.js";

/**
 * ScatterND adds up the rows at their indices; for an embedding it is three times as fast as ScatterElements. Another axis
 * than the first is moved to the front for it.
 */
export const gather: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const { facts, build } = c;
  const [x, indices] = [c.input(0), c.input(1)];
  const [rank, depth] = [facts.rank(x), facts.rank(indices)];
  const named = c.node.int("axis", 0);
  const axis = normalAxis(named, rank) ?? (named === 0 ? 0 : undefined);
  if (axis === undefined) return copying(c);
  const one = depth === 0 ? oneSlice(c, g, axis) : undefined;
  if (one !== undefined) return [one];
  if (axis === 0) return [scatterRows(c, g, x, indices)];
  if (rank === undefined || depth === undefined) return copying(c);
  const front = Array.from({ length: depth }, (_, i) => axis + i);
  const all = Array.from({ length: rank - 1 + depth }, (_, i) => i);
  const perm = [...front, ...all.filter((i) => !front.includes(i))];
  const order = [axis, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis)];
  const back = order.map((_, i) => order.indexOf(i));
  const rows = build.op("Transpose", [g], { perm });
  const turned = turnedShape(c, x, order);
  return [build.op("Transpose", [scatterRows(c, rows, x, indices, turned)], { perm: back })];
};

function scatterRows(c: GradientContext, g: Value, x: Value, indices: Value, shape?: Value): Value {
  // Gather takes int32 too, ScatterND does not.
  const isWide = c.facts.dtype(indices) === "int64";
  const wide = isWide ? indices : c.build.op("Cast", [indices], { to: 7n });
  const tuples = c.build.op("Unsqueeze", [wide, c.build.ints([-1])]);
  return scatterAdd(
    c,
    g,
    x,
    (zeros, updates) => c.build.op("ScatterND", [zeros, tuples, updates], { reduction: "add" }),
    shape,
  );
}

/** The sizes of the axes in another order. */
function turnedShape(c: GradientContext, x: Value, order: readonly number[]): Value {
  const dims = c.facts.staticShape(x);
  if (dims !== undefined) return c.build.ints(order.map((axis) => dims[axis] ?? 1));
  return c.build.op("Gather", [shapeOf(c, x), c.build.ints(order)]);
}

/** The gradient of one slice at a known place of an axis of known size is padded with zeros. */
function oneSlice(c: GradientContext, g: Value, axis: number): Value | undefined {
  const size = c.facts.shape(c.input(0))?.[axis];
  const index = c.facts.numbers(c.input(1))?.[0];
  if (typeof size !== "number" || index === undefined) return undefined;
  const at = fromFront(index, size);
  const slice = c.build.op("Unsqueeze", [g, c.build.ints([axis])]);
  if (size === 1) return slice;
  return padWith(c, slice, c.build.ints([at, size - 1 - at]), c.build.ints([axis]));
}

/** The gradients go back to the elements that were gathered. */
export const gatherElements: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const axis = BigInt(c.node.int("axis", 0));
  return [
    scatterAdd(c, g, c.input(0), (zeros, updates) =>
      c.build.op("ScatterElements", [zeros, c.input(1), updates], { axis, reduction: "add" }),
    ),
  ];
};

/** The gradients go back to the slices that were gathered. */
export const gatherNd: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  if (c.node.int("batch_dims", 0) !== 0) return copying(c);
  return [
    scatterAdd(c, g, c.input(0), (zeros, updates) =>
      c.build.op("ScatterND", [zeros, c.input(1), updates], { reduction: "add" }),
    ),
  ];
};

/** The overwritten elements get no gradient; the updates get the gradient of their places. */
function scattering(
  write: (c: GradientContext, g: Value, updates: Value) => Value,
  read: (c: GradientContext, g: Value) => Value,
): GradientRule {
  return (c) => {
    const g = c.grad(0);
    if (g === undefined) return [];
    const reduction = c.node.string("reduction", "none");
    if (reduction !== "none" && reduction !== "add") return refusals.scatterReductionHasNoGradient(reduction);
    let data: Value | undefined;
    if (c.needs(0)) data = reduction === "add" ? g : write(c, g, zerosLike(c, c.input(2)));
    return [data, undefined, c.needs(2) ? read(c, g) : undefined];
  };
}

/** ScatterElements, with reduction none or add. */
export const scatterElements: GradientRule = scattering(
  (c, g, zeros) =>
    c.build.op("ScatterElements", [g, c.input(1), zeros], { axis: BigInt(c.node.int("axis", 0)) }),
  (c, g) => c.build.op("GatherElements", [g, c.input(1)], { axis: BigInt(c.node.int("axis", 0)) }),
);

/** ScatterND, with reduction none or add. */
export const scatterNd: GradientRule = scattering(
  (c, g, zeros) => c.build.op("ScatterND", [g, c.input(1), zeros]),
  (c, g) => c.build.op("GatherND", [g, c.input(1)]),
);

/** Each of the two values gets the sum of the gradients of its places. */
export const oneHot: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined || !c.needs(2)) return [];
  const { build } = c;
  const dtype = c.facts.dtype(c.input(2));
  if (dtype === undefined) return refusals.valueTypeIsUnknown();
  const marks = build.constant(tensorFromNumbers(dtype, [2], [0, 1]));
  const mask = build.op("OneHot", [c.input(0), c.input(1), marks], {
    axis: BigInt(c.node.int("axis", -1)),
  });
  const total = (value: Value): Value =>
    build.op("Reshape", [build.op("ReduceSum", [value], { keepdims: 0n }), build.ints([1])]);
  const on = total(multiply(c, g, mask));
  return [undefined, undefined, build.op("Concat", [subtract(c, total(g), on), on], { axis: 0n })];
};
