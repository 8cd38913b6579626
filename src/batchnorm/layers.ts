import type { Model } from "../ir/model.js";
import { type OwnConstant, ownStatistics } from "./own-constants.js";
import { type ValueNormalization, writeOutValueNormalizations } from "./value-normalization.js";

/** What was changed so that each BatchNormalization of the main graph is a layer of its own. Plain data. */
export interface LayeredNormalizations {
  /** The normalizations of a value by its own statistics, which are InstanceNormalizations now. */
  readonly operators: readonly ValueNormalization[];
  /** The running statistics that were one constant with others in the file, and are each layer's own now. */
  readonly separated: readonly OwnConstant[];
}

/** Makes of every BatchNormalization in the main graph a layer with statistics of its own, or what it is instead, in place. */
export function ownNormalizations(model: Model): LayeredNormalizations {
  const operators = writeOutValueNormalizations(model);
  return { operators, separated: ownStatistics(model) };
}
