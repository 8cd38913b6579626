/** The facets that know nothing of the family, and why. */

import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { OPERATORS } from "./operators.js";

type Name = keyof typeof OPERATORS;

export const affine: FacetTable<Name, AffineFacets> = {
  Bernoulli: opaque("no input of it is data"),
  Constant: opaque("no input of it is data"),
  ConstantOfShape: opaque("no input of it is data"),
  Dropout: missing("in inference form it is read through before maps are looked for"),
  EyeLike: opaque("no input of it is data"),
  Multinomial: opaque("no input of it is data"),
  RandomNormal: opaque("no input of it is data"),
  RandomNormalLike: opaque("no input of it is data"),
  RandomUniform: opaque("no input of it is data"),
  RandomUniformLike: opaque("no input of it is data"),
  Range: opaque("no input of it is data"),
};
