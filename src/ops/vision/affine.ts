import { refuse } from "../../base/refusal.js";
import type { AffineFacets } from "../affine-facet.js";
import { sameAxis } from "../movement/affine.js";

/** The weights of nearest, linear and cubic interpolation sum to one, so they commute with maps of an axis that keeps its size. */
export const RESIZE: AffineFacets = sameAxis((node, axis, facts) => {
  if (node.string("coordinate_transformation_mode") === "tf_crop_and_resize") {
    return refuse("Resize fills what it crops with a value of its own");
  }
  const [input, output] = [node.input(0), node.output(0)];
  if (axis === undefined || input === undefined || output === undefined) return undefined;
  const [before, after] = [facts.shape(input)?.[axis], facts.shape(output)?.[axis]];
  return typeof before === "number" && before === after
    ? undefined
    : refuse(`${node.opType} is not known to keep the size of the map's axis`);
});
