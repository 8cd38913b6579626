import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, missing } from "../../rules/facet.js";
import { absorbInputIntoConv, absorbInputIntoConvTranspose } from "./absorb-down.js";
import { absorbIntoConv, absorbIntoConvTranspose } from "./absorb-up.js";
import type { OPERATORS } from "./operators.js";

/** How the operators of the family take and pass affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  Conv: { absorbUp: absorbIntoConv, absorbDown: absorbInputIntoConv },
  ConvTranspose: { absorbUp: absorbIntoConvTranspose, absorbDown: absorbInputIntoConvTranspose },
  DeformConv: missing("its weight takes a scale of its output, as Conv's does"),
};
