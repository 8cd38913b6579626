import type { Site, Step } from "../../rules/raise-site.js";

/** What was an INTS attribute is now input `index`; without it the input is left out, which means the same. */
export function intsToInput(name: string, index: number): Step {
  return (at) => {
    const value = at.takeInts(name);
    if (value !== undefined) at.node.setInput(index, value);
  };
}

/** An empty list of axes always meant all of them, and so does the missing input. */
export function reduceAxes(at: Site): void {
  const attr = at.node.attribute("axes");
  if (attr?.kind === "ints" && attr.value.length === 0) at.node.unset("axes");
  else intsToInput("axes", 1)(at);
}

/** Split 2: the sizes are no input any more, and the axis has a default. */
export function splitAttributes(at: Site): void {
  if (at.input(1) !== undefined) at.refuse("its sizes are an input");
  at.setDefault("axis", 0);
}

/** Split 18: without sizes, the number of parts is said. */
export function splitCount(at: Site): void {
  if (at.input(1) === undefined) at.set("num_outputs", at.node.outputs.length);
}

/** Slice 10: bounds and axes are inputs. */
export function sliceInputs(at: Site): void {
  const axes = at.takeInts("axes");
  intsToInput("starts", 1)(at);
  intsToInput("ends", 2)(at);
  if (axes !== undefined) at.node.setInput(3, axes);
}

/** TopK 10: k is an input, a vector of one element. */
export function topKInput(at: Site): void {
  const k = at.int("k", 0);
  at.node.unset("k");
  at.node.setInput(1, at.ints([k]));
}

/** Pad 2 renamed the paddings. */
export function padName(at: Site): void {
  const paddings = at.node.ints("paddings");
  if (paddings === undefined) at.refuse("it has no paddings");
  at.node.unset("paddings");
  at.set("pads", { kind: "ints", value: paddings.map(BigInt) });
}

/** Pad 11: pads and the constant are inputs; the constant is of the type of the data. */
export function padInputs(at: Site): void {
  const value = at.node.attribute("value");
  intsToInput("pads", 1)(at);
  if (value?.kind === "float" && value.value === 0) at.node.unset("value");
  const constant = at.takeFloatLike("value", 0);
  if (constant !== undefined) at.node.setInput(2, constant);
}

/** Reshape 5: the shape is an input. */
export function reshapeInput(at: Site): void {
  at.node.unset("consumed_inputs");
  intsToInput("shape", 1)(at);
}

/** Tile 6: the repeats of every axis instead of those of one. */
export function tileRepeats(at: Site): void {
  const rank = at.rank(0);
  const [tiles] = at.know(1)?.numbers ?? [];
  const [axis] = at.know(2)?.numbers ?? [];
  if (rank === undefined || tiles === undefined || axis === undefined)
    at.refuse("its rank, tiles or axis is not known");
  const repeats = Array.from({ length: rank }, (_, i) => (i === axis ? tiles : 1));
  at.node.setInputs([at.input(0) ?? null, at.ints(repeats)]);
}

/** Concat 4: the default axis is gone. */
export function concatAxis(at: Site): void {
  at.setDefault("axis", 1);
}

/** DFT 20: the axis is an input with another default. */
export function dftAxis(at: Site): void {
  const axis = at.int("axis", 1);
  at.node.unset("axis");
  at.node.setInput(2, at.int64(axis));
}
