import { type FacetTable, type Gap, missing, opaque } from "../../rules/facet.js";
import { type LayoutFacet, PER_CHANNEL } from "../../rules/layout/facet.js";
import type { OPERATORS } from "./operators.js";

const FRONT: Gap = opaque("its kernel takes batch and channels in front");

export const layout: FacetTable<keyof typeof OPERATORS, LayoutFacet> = {
  AveragePool: FRONT,
  GlobalAveragePool: PER_CHANNEL,
  GlobalLpPool: missing("its spatial axes could change places"),
  GlobalMaxPool: PER_CHANNEL,
  LpPool: FRONT,
  MaxPool: FRONT,
  MaxUnpool: FRONT,
};
