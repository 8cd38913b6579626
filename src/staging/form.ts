import { cloneModel } from "../ir/clone.js";
import type { Model } from "../ir/model.js";
import { encodeToBytes } from "../proto/encode.js";
import type { Adaptation } from "./adaptation.js";
import { uniqueNodeNames } from "./node-names.js";
import { irVersion, loweredOpset, raisedOpset } from "./versions.js";

/** In the order in which they are made: raising may raise the IR version too. */
const ADAPTATIONS: readonly Adaptation[] = [raisedOpset, loweredOpset, irVersion, uniqueNodeNames];

/**
 * The model in the form that onnxruntime takes: the same function with the same names of inputs and outputs. It is `model`
 * itself where nothing has to change, so that whoever has its file can give the runtime the file. The form lives for one
 * run; what is written keeps its own.
 */
export function runtimeForm(model: Model): Model {
  const wanted = ADAPTATIONS.filter((adaptation) => adaptation.isNeeded(model));
  if (wanted.length === 0) return model;
  const copy = cloneModel(model);
  for (const adaptation of wanted) adaptation.apply(copy);
  return copy;
}

/** The form that onnxruntime takes as one file in memory, external data included. */
export function runtimeBytes(model: Model): Uint8Array {
  return encodeToBytes(runtimeForm(model));
}
