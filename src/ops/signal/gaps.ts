/** The facets in which the family has no rules, and why. */

import type { AffineFacets } from "../../rules/affine/facet.js";
import { everyRow, type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { GradientRule } from "../../rules/gradient/rule.js";
import type { LayoutFacet } from "../../rules/layout/facet.js";
import type { ReferenceRule } from "../../rules/reference/rule.js";
import { OPERATORS } from "./operators.js";

type Name = keyof typeof OPERATORS;

export const layout: FacetTable<Name, LayoutFacet> = everyRow(
  OPERATORS,
  missing("its axis could be renamed"),
);

export const affine: FacetTable<Name, AffineFacets> = {
  BlackmanWindow: opaque("none of its inputs is data"),
  DFT: missing("a scale could pass"),
  HammingWindow: opaque("none of its inputs is data"),
  HannWindow: opaque("none of its inputs is data"),
  MelWeightMatrix: opaque("none of its inputs is data"),
  STFT: missing("a scale could pass"),
};

export const gradient: FacetTable<Name, GradientRule> = {
  BlackmanWindow: opaque("none of its inputs is data"),
  DFT: missing("it is a linear operator: its adjoint is the inverse transform"),
  HammingWindow: opaque("none of its inputs is data"),
  HannWindow: opaque("none of its inputs is data"),
  MelWeightMatrix: opaque("none of its inputs is data"),
  STFT: missing("it is a linear operator: its adjoint overlaps and adds"),
};

export const reference: FacetTable<Name, ReferenceRule> = everyRow(
  OPERATORS,
  missing("the computation is not written"),
);
