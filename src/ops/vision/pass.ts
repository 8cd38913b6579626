import type { Refusal } from "../../base/refusal.js";
import type { Node } from "../../ir/graph.js";
import type { AffineFacets, PlacedMap } from "../../rules/affine/facet.js";
import { through } from "../../rules/affine/placement.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { refusals } from "./refusals.js";

/** The weights of nearest, linear and cubic interpolation sum to one, so they commute with maps of an axis that they leave alone. */
export const RESIZE: AffineFacets = {
  passUp: (node, placed, facts) => mixed(node, placed, facts) ?? through(placed),
  passDown: (node, index, placed, facts) =>
    index === 0 ? (mixed(node, placed, facts) ?? placed) : shared.valueIsNotItsData(`input ${index}`),
};

/** A refusal where the map's axis may be resized. Equal sizes prove nothing: 3 channels at a scale of 1.2 are 3 other channels. */
function mixed(node: Node, { axis }: PlacedMap, facts: Facts): Refusal | undefined {
  if (node.string("coordinate_transformation_mode") === "tf_crop_and_resize") {
    return refusals.cropIsFilled();
  }
  if (axis === undefined) return undefined;
  const factor = scaleAlong(axis, node, facts);
  const [before, after] = [node.input(0), node.output(0)].map((value) => value && facts.shape(value)?.[axis]);
  if (factor === "sizes" && typeof before === "number" && before === after) return undefined;
  return factor === 1 ? undefined : refusals.mapAxisMayBeResized();
}

/** The scale of an axis, or "sizes" where it follows from the sizes; undefined when it is not known. */
function scaleAlong(axis: number, node: Node, facts: Facts): number | "sizes" | undefined {
  const version = facts.opset(node) ?? 0;
  if (node.is("Upsample") && version < 9) {
    return axis < 2 ? scaleAttribute(node, axis) : undefined;
  }
  const input = node.input(0);
  const rank = input && facts.rank(input);
  const axes = node.ints("axes")?.map((each) => (each < 0 ? each + (rank ?? NaN) : each));
  const at = axes === undefined ? axis : axes.indexOf(axis);
  if (at < 0) return axes?.some(Number.isNaN) ? undefined : 1;
  const scales = node.input(version < 11 ? 1 : 2);
  if (scales !== undefined && facts.staticShape(scales)?.[0] !== 0) return facts.numbers(scales)?.[at];
  // When the ratio is kept, one scale serves all axes, and sizes are rounded.
  return node.string("keep_aspect_ratio_policy", "stretch") === "stretch" ? "sizes" : undefined;
}

/** Upsample before opset 9 never scales the first two axes, unless its list of scales does. */
function scaleAttribute(node: Node, axis: number): number | undefined {
  const attr = node.attribute("scales");
  return attr === undefined ? 1 : attr.kind === "floats" ? attr.value[axis] : undefined;
}
