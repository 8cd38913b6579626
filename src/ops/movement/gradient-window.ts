import type { Value } from "../../ir/graph.js";
import { tensorFromNumbers } from "../../ir/tensor.js";
import type { GradientContext, GradientRule } from "../../rules/gradient/rule.js";
import {
  negate,
  reshapeLike,
  scatterByIndex,
  shapeOf,
  subtract,
  zerosLike,
} from "../../rules/gradient/support.js";
import { fromFront, normalAxes, padsOfAllAxes, rankOf } from "../../rules/shapes.js";

/**
 * Pads a gradient with zeros; `pads` are as in Pad, for `axes`. The Pad itself names no axes: from the level "basic" on,
 * onnxruntime 1.30 fails on a Pad with axes that it moves a Transpose through.
 */
export function padWith(c: GradientContext, g: Value, pads: Value, axes: Value | undefined): Value {
  if (axes === undefined) return c.build.op("Pad", [g, pads]);
  const rank = rankOf(g, c.facts) ?? rankOf(c.input(0), c.facts);
  const [sizes, named] = [c.facts.numbers(pads), c.facts.numbers(axes)];
  const known = rank !== undefined && sizes !== undefined && named !== undefined;
  const all = known ? padsOfAllAxes(sizes, named, rank) : undefined;
  return c.build.op("Pad", [g, all === undefined ? runTimePads(c, rank, g, pads, axes) : c.build.ints(all)]);
}

function runTimePads(
  c: GradientContext,
  rank: number | undefined,
  g: Value,
  pads: Value,
  axes: Value,
): Value {
  const { build } = c;
  const count = rank === undefined ? build.op("Shape", [shapeOf(c, g)]) : build.ints([rank]);
  const given = asInt64(c, axes);
  const begins = build.op("Where", [
    build.op("Less", [given, build.int(0)]),
    build.op("Add", [given, count]),
    given,
  ]);
  const places = build.op("Concat", [begins, build.op("Add", [begins, count])], { axis: 0n });
  const zeros =
    rank === undefined
      ? build.op("ConstantOfShape", [build.op("Add", [count, count])], {
          value: tensorFromNumbers("int64", [1], [0]),
        })
      : build.ints(new Array<number>(2 * rank).fill(0));
  return build.op("ScatterElements", [zeros, places, pads]);
}

function asInt64({ facts, build }: GradientContext, value: Value): Value {
  return facts.dtype(value) === "int64" ? value : build.op("Cast", [value], { to: 7n });
}

/** Applies the node to another value instead of its first input. */
function again(c: GradientContext, value: Value): Value {
  return c.build.op(
    c.operator,
    c.node.inputs.map((input, index) => (index === 0 ? value : input)),
    Object.fromEntries(c.node.attributes),
  );
}

/** The gradient of any operator that copies elements. */
export const copying: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  return [scatterByIndex(c, g, c.input(0), (indices) => again(c, indices))];
};

/** With steps of 1 the gradient is padded by the parts that were cut off; with other steps it is scattered. */
export const slice: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const steps = c.node.input(4);
  if (steps !== undefined && c.facts.numbers(steps)?.every((step) => step === 1) !== true) return copying(c);
  return [staticSlice(c, g) ?? runTimeSlice(c, g)];
};

function staticSlice(c: GradientContext, g: Value): Value | undefined {
  const { facts, build } = c;
  const shape = facts.shape(c.input(0));
  const [starts, ends] = [facts.numbers(c.input(1)), facts.numbers(c.input(2))];
  const axesInput = c.node.input(3);
  const named = axesInput === undefined ? starts?.map((_, index) => index) : facts.numbers(axesInput);
  const axes = shape === undefined || named === undefined ? undefined : normalAxes(named, shape.length);
  if (axes === undefined || starts === undefined || ends === undefined) return undefined;
  const before: number[] = [];
  const after: number[] = [];
  for (const [index, axis] of axes.entries()) {
    const size = shape?.[axis];
    const [start, end] = [starts[index], ends[index]];
    if (typeof size !== "number" || start === undefined || end === undefined) return undefined;
    const from = clamp(start, size);
    before.push(from);
    after.push(size - Math.max(from, clamp(end, size)));
  }
  if ([...before, ...after].every((pad) => pad === 0)) return g;
  return padWith(c, g, build.ints([...before, ...after]), build.ints(axes));
}

function clamp(at: number, size: number): number {
  return Math.min(Math.max(fromFront(at, size), 0), size);
}

function runTimeSlice(c: GradientContext, g: Value): Value {
  const { build } = c;
  const x = c.input(0);
  const given = c.node.input(3);
  const starts = asInt64(c, c.input(1));
  const axes =
    given === undefined
      ? build.op("Range", [build.int(0), build.op("Size", [starts]), build.int(1)])
      : asInt64(c, given);
  const sizes = build.op("Gather", [shapeOf(c, x), axes]);
  const zero = build.int(0);
  const fromFront = build.op("Where", [
    build.op("Less", [starts, zero]),
    build.op("Add", [starts, sizes]),
    starts,
  ]);
  const before = build.op("Min", [build.op("Max", [fromFront, zero]), sizes]);
  const taken = build.op("Gather", [shapeOf(c, c.output(0)), axes]);
  const after = subtract(c, subtract(c, sizes, before), taken);
  return padWith(c, g, build.op("Concat", [before, after], { axis: 0n }), axes);
}

/** Constant padding is cut off again, and negative padding is filled with zeros. Reflected elements add up at their origins. */
export const pad: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const { build, facts } = c;
  if (c.node.string("mode", "constant") !== "constant") return copying(c);
  const pads = c.input(1);
  const known = facts.numbers(pads);
  const back = known === undefined ? negate(c, pads) : build.ints(known.map((size) => 0 - size));
  const gradients: (Value | undefined)[] = [];
  if (c.needs(0)) gradients[0] = padWith(c, g, back, c.node.input(3));
  const fill = c.node.input(2);
  if (fill !== undefined && c.needs(2)) {
    // The padding gets the part of the gradient that does not go to the input.
    const inner = padWith(c, padWith(c, g, back, c.node.input(3)), pads, c.node.input(3));
    const border = build.op("ReduceSum", [subtract(c, g, inner)], { keepdims: 0n });
    gradients[2] = reshapeLike(c, border, fill);
  }
  return gradients;
};

/** Elements that were not selected get zeros. */
export function gradientOrZeros(c: GradientContext, index: number): Value {
  return c.grad(index) ?? zerosLike(c, c.forwardOutput(index));
}
