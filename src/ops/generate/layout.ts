import { type FacetTable, type Gap, opaque } from "../../rules/facet.js";
import { alike, type LayoutFacet, NO_CHANGE } from "../../rules/layout/facet.js";
import { dropsAtRandom } from "./dropout.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

const DRAWN: Gap = opaque("the random numbers would belong to other elements");
const NO_DATA: Gap = opaque("none of its inputs is data");

/** A Dropout that drops nothing; its mask has the order of its data. */
const DROPOUT: LayoutFacet = alike([0], (node, _, facts) =>
  dropsAtRandom(node, facts.opset(node) ?? 0, facts) ? refusals.dropoutMaskIsDrawn() : NO_CHANGE,
);

export const layout: FacetTable<keyof typeof OPERATORS, LayoutFacet> = {
  Bernoulli: DRAWN,
  Constant: NO_DATA,
  ConstantOfShape: NO_DATA,
  Dropout: DROPOUT,
  EyeLike: opaque("its axes have to be rows and columns"),
  Multinomial: opaque("its axes have to be batch and class"),
  RandomNormal: NO_DATA,
  RandomNormalLike: DRAWN,
  RandomUniform: NO_DATA,
  RandomUniformLike: DRAWN,
  Range: NO_DATA,
};
