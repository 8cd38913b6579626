import type { Value } from "../../ir/graph.js";
import { exactDiv } from "../../rules/dims.js";
import type { RaiseContext, RaiseTable } from "../../rules/raise/context.js";
import { dropConsumed, inferenceMode } from "../../rules/raise/steps.js";
import { fromFront } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** BatchNormalization 9: statistics are per channel only. For matrices the other form was the same. */
function batchNormSpatial(at: RaiseContext): void {
  if (at.int("spatial", 1) === 0 && at.rank(0) !== 2) at.refuse(refusals.statisticsArePerElement());
  at.node.unset("spatial");
}

/** BatchNormalization 14 has training_mode, and fewer outputs. */
function batchNormOutputs(at: RaiseContext): void {
  if (at.node.outputs.slice(1).some((value) => value !== null))
    at.refuse(refusals.runningStatisticsChangeMeaning());
}

/** GroupNormalization 21: scale and bias are per channel instead of per group. */
function groupNormChannels(at: RaiseContext): void {
  const groups = at.int("num_groups", 1);
  const channels = at.know(0)?.shape?.[1];
  const each = exactDiv(channels, groups);
  const column = at.ints([groups, 1]);
  const spread = typeof each === "number" ? at.ints([groups, each]) : spreadOf(at, groups);
  const flat = at.ints([-1]);
  for (const index of [1, 2]) {
    const rows = at.op("Reshape", [at.input(index) ?? null, column]);
    at.node.setInput(index, at.op("Reshape", [at.op("Expand", [rows, spread]), flat]));
  }
}

/** [groups, channels / groups], computed when the model runs. */
function spreadOf(at: RaiseContext, groups: number): Value {
  const channels = at.op("Shape", [at.input(0) ?? null], { start: 1, end: 2 });
  return at.op("Concat", [at.ints([groups]), at.op("Div", [channels, at.ints([groups])])], { axis: 0 });
}

/**
 * Softmax 13 and its kin normalize one axis; before, they normalized all axes from `axis` on together. The two are
 * the same on the last axis; elsewhere the input is flattened, and the result reshaped.
 */
function flattenAroundSoftmax(at: RaiseContext): void {
  const axis = at.int("axis", 1);
  const shape = at.know(0)?.shape;
  const rank = shape?.length;
  if (shape !== undefined && rank !== undefined) {
    const first = fromFront(axis, rank);
    // Axes of size 1 behind it change nothing.
    if (first < rank && shape.slice(first + 1).every((size) => size === 1)) {
      at.set("axis", first);
      return;
    }
  } else if (axis === -1) {
    at.set("axis", -1);
    return;
  }
  // Nothing is normalized in a tensor without elements, along whatever axis.
  if (shape?.includes(0)) {
    at.set("axis", 0);
    return;
  }
  const input = at.input(0) ?? null;
  at.node.setInput(0, at.op("Flatten", [input], { axis }));
  at.set("axis", 1);
  reshapeLike(at, input, shape?.every((size) => typeof size === "number") ?? false);
}

/**
 * Gives output 0 the sizes of `like`. A size that is not known may be zero, which a target copies from its input unless
 * allowzero is set; that is new in opset 14. Before, -1 stands for it: where one size is zero, no element is left for it.
 */
function reshapeLike(at: RaiseContext, like: Value | null, isKnown: boolean): void {
  const sizes = at.op("Shape", [like]);
  if (isKnown) at.after(0, "Reshape", [sizes]);
  else if (at.target >= ALLOWZERO) at.after(0, "Reshape", [sizes], { allowzero: 1 });
  else {
    const isZero = at.op("Equal", [sizes, at.ints([0])]);
    at.after(0, "Reshape", [at.op("Where", [isZero, at.ints([-1]), sizes])]);
  }
}

/** The first opset whose Reshape has allowzero. */
const ALLOWZERO = 14;

/** The steps of the family's operators, by the opset they lead to. */
export const raise: RaiseTable<typeof OPERATORS> = {
  BatchNormalization: { 6: dropConsumed, 7: inferenceMode, 9: batchNormSpatial, 14: batchNormOutputs },
  GroupNormalization: { 21: groupNormChannels },
  Hardmax: { 13: flattenAroundSoftmax },
  InstanceNormalization: { 6: dropConsumed },
  LogSoftmax: { 13: flattenAroundSoftmax },
  Softmax: { 13: flattenAroundSoftmax },
};
