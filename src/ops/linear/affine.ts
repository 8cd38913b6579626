import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import { absorbInputIntoGemm, absorbInputIntoMatMul } from "./absorb-down.js";
import { absorbIntoGemm, absorbIntoMatMul } from "./absorb-up.js";
import type { OPERATORS } from "./operators.js";
import { passThroughMatMul } from "./pass.js";

/** How the operators of the family take and pass affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  Det: opaque("a scale of its input becomes a power of itself"),
  Einsum: missing("a product of two operands could take maps as MatMul does"),
  Gemm: { absorbUp: absorbIntoGemm, absorbDown: absorbInputIntoGemm },
  MatMul: { absorbUp: absorbIntoMatMul, passUp: passThroughMatMul, absorbDown: absorbInputIntoMatMul },
};
