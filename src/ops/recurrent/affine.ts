import type { AffineFacets } from "../../rules/affine/facet.js";
import type { FacetTable } from "../../rules/facet.js";
import { absorbInputIntoRecurrent } from "./absorb-down.js";
import type { OPERATORS } from "./operators.js";

/** How the operators of the family take and pass affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  GRU: { absorbDown: absorbInputIntoRecurrent },
  LSTM: { absorbDown: absorbInputIntoRecurrent },
  RNN: { absorbDown: absorbInputIntoRecurrent },
};
