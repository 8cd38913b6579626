/** The facets in which the family has no rules, and why. */

import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { OPERATORS } from "./operators.js";

type Name = keyof typeof OPERATORS;

export const affine: FacetTable<Name, AffineFacets> = {
  Bernoulli: opaque("none of its inputs is data"),
  Constant: opaque("none of its inputs is data"),
  ConstantOfShape: opaque("none of its inputs is data"),
  Dropout: missing("in inference form it is an identity, which other passes remove first"),
  EyeLike: opaque("none of its inputs is data"),
  Multinomial: opaque("none of its inputs is data"),
  RandomNormal: opaque("none of its inputs is data"),
  RandomNormalLike: opaque("none of its inputs is data"),
  RandomUniform: opaque("none of its inputs is data"),
  RandomUniformLike: opaque("none of its inputs is data"),
  Range: opaque("none of its inputs is data"),
};
