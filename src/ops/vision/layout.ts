import { isRefusal } from "../../base/refusal.js";
import { type FacetTable, opaque } from "../../rules/facet.js";
import { alike, allOutputs, type LayoutFacet, namedAxes, perAxis } from "../../rules/layout/facet.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** Before opset 11 the scales are input 1, or an attribute; from opset 18 on they may be of named axes. */
const RESIZE: LayoutFacet = alike([0], (node, perm, facts) => {
  const opset = facts.opset(node) ?? 0;
  const isOld = node.is("Upsample") || opset < 11;
  if (opset < 9 || allOutputs(node).length !== 1) return refusals.scalesAreAttribute();
  if (node.string("coordinate_transformation_mode", "") === "tf_crop_and_resize") {
    return refusals.cropsByRegion();
  }
  const named = isOld ? undefined : namedAxes(node, 4, perm.length, facts);
  if (named !== undefined) return refusals.resizeNamesAxes();
  const sized = !isOld && node.input(3) !== undefined;
  const list = perAxis(node, sized ? "sizes" : "scales", isOld ? 1 : sized ? 3 : 2, facts);
  if (isRefusal(list)) return list;
  if (list.numbers.length !== perm.length) return refusals.resizeSizesDoNotFitRank();
  // Kernels that interpolate take batch and channels in front only.
  if (node.string("mode", "nearest") !== "nearest") {
    const input = node.input(0);
    const shape = input === undefined ? undefined : facts.shape(input);
    const keeps = perm.slice(0, 2).every((axis) => list.numbers[axis] === (sized ? shape?.[axis] : 1));
    if (!keeps) return refusals.interpolationNeedsChannelsFirst();
  }
  const changed = list.replace(perm.map((axis) => list.numbers[axis] ?? 1));
  // The unused region of another mode must still fit the rank. It does, because the rank stays.
  return changed;
});

export const layout: FacetTable<keyof typeof OPERATORS, LayoutFacet> = {
  AffineGrid: opaque("its axes have to be those of an image"),
  GridSample: opaque("its kernel takes batch and channels in front"),
  ImageDecoder: opaque("its input has no axes of an image"),
  MaxRoiPool: opaque("its kernel takes batch and channels in front"),
  NonMaxSuppression: opaque("its axes have to be batch, class and box"),
  Resize: RESIZE,
  RoiAlign: opaque("its kernel takes batch and channels in front"),
  Upsample: RESIZE,
};
