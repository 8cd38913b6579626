import type { RaiseContext, RaiseTable } from "../../rules/raise/context.js";
import { intsToInput } from "../../rules/raise/steps.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** Concat 4: the default axis is gone. */
function concatAxis(at: RaiseContext): void {
  at.setDefault("axis", 1);
}

/** Pad 2 renamed the paddings. */
function padName(at: RaiseContext): void {
  const paddings = at.node.ints("paddings");
  if (paddings === undefined) at.refuse(refusals.paddingsAreMissing());
  at.node.unset("paddings");
  at.set("pads", { kind: "ints", value: paddings.map(BigInt) });
}

/** Pad 11: pads and the constant are inputs; the constant is of the type of the data. */
function padInputs(at: RaiseContext): void {
  const value = at.node.attribute("value");
  intsToInput("pads", 1)(at);
  if (value?.kind === "float" && value.value === 0) at.node.unset("value");
  const constant = at.takeFloatLike("value", 0);
  if (constant !== undefined) at.node.setInput(2, constant);
}

/** ScatterElements is the new name of Scatter. */
function scatterElements(at: RaiseContext): void {
  at.retype("ScatterElements");
}

/** Slice 10: bounds and axes are inputs. */
function sliceInputs(at: RaiseContext): void {
  const axes = at.takeInts("axes");
  intsToInput("starts", 1)(at);
  intsToInput("ends", 2)(at);
  if (axes !== undefined) at.node.setInput(3, axes);
}

/** Split 2: the sizes are no longer an input, and the axis has a default. */
function splitAttributes(at: RaiseContext): void {
  if (at.input(1) !== undefined) at.refuse(refusals.sizesAreInput());
  at.setDefault("axis", 0);
}

/** Split 18: without sizes, an attribute gives the number of parts. */
function splitCount(at: RaiseContext): void {
  if (at.input(1) === undefined) at.set("num_outputs", at.node.outputs.length);
}

/** Tile 6: repeats for every axis instead of one. */
function tileRepeats(at: RaiseContext): void {
  const rank = at.rank(0);
  const [tiles] = at.know(1)?.numbers ?? [];
  const [axis] = at.know(2)?.numbers ?? [];
  if (rank === undefined || tiles === undefined || axis === undefined) at.refuse(refusals.tilingIsUnknown());
  const repeats = Array.from({ length: rank }, (_, i) => (i === axis ? tiles : 1));
  at.node.setInputs([at.input(0) ?? null, at.ints(repeats)]);
}

/** The steps of the family's operators, by the opset they lead to. */
export const raise: RaiseTable<typeof OPERATORS> = {
  Concat: { 4: concatAxis },
  Pad: { 2: padName, 11: padInputs },
  Scatter: { 11: scatterElements },
  Slice: { 10: sliceInputs },
  Split: { 2: splitAttributes, 13: intsToInput("split", 1), 18: splitCount },
  Tile: { 6: tileRepeats },
};
