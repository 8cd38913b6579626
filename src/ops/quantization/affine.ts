import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import { absorbIntoDequantizeLinear } from "./absorb-up.js";
import type { OPERATORS } from "./operators.js";

/** How the operators of the family take and pass affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  ConvInteger: opaque("it works on integers"),
  DequantizeLinear: { absorbUp: absorbIntoDequantizeLinear },
  DynamicQuantizeLinear: opaque("its scale follows from its input"),
  MatMulInteger: opaque("it works on integers"),
  QLinearConv: missing("its output scale could take a scale"),
  QLinearMatMul: missing("its output scale could take a scale"),
  QuantizeLinear: missing("its scale could take a scale of its input"),
};
