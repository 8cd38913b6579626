import { type FacetTable, missing } from "../../rules/facet.js";
import {
  ALONG_LAST,
  alike,
  axisAttribute,
  type LayoutFacet,
  NO_CHANGE,
  PER_CHANNEL,
} from "../../rules/layout/facet.js";
import { isIdentity } from "../../rules/layout/permutation.js";
import { fromFront } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** From opset 13 on it works along one axis; before, over all axes from one on together. */
const SOFTMAX: LayoutFacet = alike([0], (node, perm, facts) => {
  if ((facts.opset(node) ?? 0) >= 13) return axisAttribute(node, -1, perm);
  const axis = fromFront(node.int("axis", 1), perm.length);
  return perm.every((from, to) => from >= axis === to >= axis)
    ? NO_CHANGE
    : refusals.normalizesAllAxesFromOne();
});

/**
 * Axes from one on are normalized together, with a scale for each of their elements. They keep their places, and the attribute
 * stays as it is: whoever spells the operator out reads it from the end.
 */
const TRAILING: LayoutFacet = alike([0], (node, perm) => {
  const axis = fromFront(node.int("axis", -1), perm.length);
  return isIdentity(perm.slice(axis).map((from) => from - axis)) ? NO_CHANGE : refusals.normalizesLastAxes();
});

export const layout: FacetTable<keyof typeof OPERATORS, LayoutFacet> = {
  BatchNormalization: PER_CHANNEL,
  GroupNormalization: missing("its spatial axes could change places"),
  Hardmax: SOFTMAX,
  ImageScaler: missing("its spatial axes could change places"),
  InstanceNormalization: PER_CHANNEL,
  LRN: missing("its spatial axes could change places"),
  LayerNormalization: TRAILING,
  LogSoftmax: SOFTMAX,
  LpNormalization: ALONG_LAST,
  MeanVarianceNormalization: missing("its axes could be renamed"),
  RMSNormalization: TRAILING,
  SimplifiedLayerNormalization: missing("it could work as RMSNormalization does"),
  Softmax: SOFTMAX,
};
