import { defined } from "../base/optional.js";
import type { Model } from "../ir/model.js";
import type { Shapes } from "../options/spec.js";
import { fixInputShapes } from "./input-shapes.js";
import { extractSubmodel, type SubmodelBorders } from "./submodel.js";

/** Where a model is cut, and the sizes that inputs of the part are fixed to. */
export interface Adjustments extends SubmodelBorders {
  /** Sizes by name of an input. */
  readonly overwriteInputShapes?: Shapes;
}

/**
 * The part of a model that was asked for, its inputs with fixed sizes; the model itself where nothing was asked for.
 * Throws NormfoldError as `extractSubmodel` and `fixInputShapes` do.
 */
export function adjustModel(model: Model, { inputs, outputs, overwriteInputShapes }: Adjustments): Model {
  const isCut = inputs !== undefined || outputs !== undefined;
  const part = isCut ? extractSubmodel(model, defined({ inputs, outputs })) : model;
  return overwriteInputShapes === undefined ? part : fixInputShapes(part, overwriteInputShapes);
}
