import type { Value } from "../../ir/graph.js";
import { exactDiv } from "../../rules/dims.js";
import type { Site } from "../../rules/raise-site.js";
import { dropConsumed } from "../elementwise/raise.js";

/** Before opset 7, more outputs than the first are those of training, unless is_test says otherwise. */
function requireInference(at: Site): void {
  const extra = at.node.outputs.slice(1).some((value) => value !== null && value.uses.size > 0);
  if (at.int("is_test", 0) === 0 && extra)
    at.refuse("it is in training mode, and its further outputs are used");
  at.node.unset("is_test");
}

/** BatchNormalization 7 and Dropout 7 have no is_test. */
export function inferenceMode(at: Site): void {
  dropConsumed(at);
  requireInference(at);
}

/** BatchNormalization 9: statistics are per channel alone. On matrices that is what the other form was too. */
export function batchNormSpatial(at: Site): void {
  if (at.int("spatial", 1) === 0 && at.rank(0) !== 2)
    at.refuse("its statistics are per element (spatial = 0), which no later BatchNormalization has");
  at.node.unset("spatial");
}

/** BatchNormalization 14 says training_mode, and has fewer outputs then. */
export function batchNormOutputs(at: Site): void {
  if (at.node.outputs.slice(1).some((value) => value !== null))
    at.refuse("it gives running statistics, which are training's, and later versions compute others");
}

/** GroupNormalization 21: scale and bias are per channel and no more per group. */
export function groupNormChannels(at: Site): void {
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

/** [groups, channels / groups], worked out when the model runs. */
function spreadOf(at: Site, groups: number): Value {
  const channels = at.op("Shape", [at.input(0) ?? null], { start: 1, end: 2 });
  return at.op("Concat", [at.ints([groups]), at.op("Div", [channels, at.ints([groups])])], { axis: 0 });
}

/** The mask of a Dropout at inference: floats up to opset 9, and all ones from 12 on; before, runtimes gave zeros. */
export function dropoutMask(at: Site): void {
  const mask = at.node.output(1);
  if (mask !== undefined && mask.uses.size > 0)
    at.refuse("its mask is used, which is another one from then on");
}

/** Dropout 12: the ratio is an input. */
export function dropoutRatio(at: Site): void {
  dropoutMask(at);
  const ratio = at.takeFloat("ratio");
  if (ratio !== undefined) at.node.setInput(1, ratio);
}
