import { type FacetTable, type Gap, missing, opaque } from "../../rules/facet.js";
import { alike, type LayoutFacet, NO_CHANGE } from "../../rules/layout/facet.js";
import { fromFront } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** QuantizeLinear and DequantizeLinear: scales along an axis move with the axis. */
const QUANTIZE: LayoutFacet = alike([0], (node, perm, facts) => {
  const scale = node.input(1);
  const shape = scale === undefined ? undefined : facts.shape(scale);
  if (shape === undefined) return refusals.quantizationScaleShapeIsUnknown();
  if (shape.every((size) => size === 1) && shape.length <= 1) return NO_CHANGE;
  if (shape.length !== 1 || node.int("block_size", 0) !== 0 || (facts.opset(node) ?? 0) < 13) {
    return refusals.quantizationScaleIsPerBlock();
  }
  return { attributes: { axis: perm.indexOf(fromFront(node.int("axis", 1), perm.length)) } };
});

const FRONT: Gap = opaque("its kernel takes batch and channels in front");

export const layout: FacetTable<keyof typeof OPERATORS, LayoutFacet> = {
  ConvInteger: FRONT,
  DequantizeLinear: QUANTIZE,
  DynamicQuantizeLinear: missing("its single scale would allow any order"),
  MatMulInteger: missing("it could work as MatMul does"),
  QLinearConv: FRONT,
  QLinearMatMul: missing("it could work as MatMul does"),
  QuantizeLinear: QUANTIZE,
};
