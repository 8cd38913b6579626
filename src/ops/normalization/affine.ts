import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, type Gap, missing, opaque } from "../../rules/facet.js";
import {
  absorbIntoBatchNormalization,
  absorbIntoChannelNormalization,
  absorbIntoLayerNormalization,
} from "./absorb-up.js";
import { liftBatchNormalization } from "./lift.js";
import type { OPERATORS } from "./operators.js";

const NONLINEAR: Gap = opaque("a map of its input is no map of its output");

/** How the operators of the family take and pass affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  BatchNormalization: { lift: liftBatchNormalization, absorbUp: absorbIntoBatchNormalization },
  GroupNormalization: { absorbUp: absorbIntoChannelNormalization },
  Hardmax: opaque("it compares elements"),
  ImageScaler: missing("it could be lifted: it is a scale and a shift for each channel"),
  InstanceNormalization: { absorbUp: absorbIntoChannelNormalization },
  LRN: NONLINEAR,
  LayerNormalization: { absorbUp: absorbIntoLayerNormalization },
  LogSoftmax: missing("it could drop a uniform shift of its input"),
  LpNormalization: missing("it could drop a uniform positive scale of its input"),
  MeanVarianceNormalization: missing("it could drop a map of its input, except for signs"),
  RMSNormalization: missing("its scale could take a scale of its output"),
  SimplifiedLayerNormalization: missing("its scale could take a scale of its output"),
  Softmax: missing("it could drop a uniform shift of its input"),
};
