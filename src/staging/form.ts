import { cloneModel } from "../ir/clone.js";
import type { Model } from "../ir/model.js";
import { encodeToBytes } from "../proto/encode.js";
import { objectionToLoading } from "../runtime/prediction.js";
import type { Adaptation } from "./adaptation.js";
import { borders } from "./borders.js";
import { namedStatistics, trueRanks } from "./crashes.js";
import { uniqueNodeNames } from "./node-names.js";
import { irVersion, loweredOpset, raisedOpset } from "./versions.js";

/** In the order in which they are made: raising may raise the IR version too. */
const INNER: readonly Adaptation[] = [
  raisedOpset,
  loweredOpset,
  irVersion,
  uniqueNodeNames,
  namedStatistics,
  trueRanks,
];

/**
 * The model in the form that onnxruntime takes: the same function with the same types of inputs and outputs. It is `model`
 * itself where nothing has to change. The form lives for one run; what is written keeps its own.
 */
export function innerForm(model: Model): Model {
  return adapted(model, INNER);
}

/**
 * The form for a comparison: inputs and outputs that onnxruntime-node does not carry are others, too. It is `model` itself
 * where nothing has to change, so that whoever has its file can give the runtime the file.
 */
export function runtimeForm(model: Model): Model {
  return adapted(model, [...INNER, borders]);
}

function adapted(model: Model, adaptations: readonly Adaptation[]): Model {
  const wanted = adaptations.filter((adaptation) => adaptation.isNeeded(model));
  if (wanted.length === 0) return model;
  const copy = cloneModel(model);
  for (const adaptation of wanted) adaptation.apply(copy);
  return copy;
}

/**
 * The form with the model's own inputs and outputs, as one file in memory, external data included. Throws "unsupported" for a
 * model that onnxruntime would take too long to load.
 */
export function runtimeBytes(model: Model): Uint8Array {
  const objection = objectionToLoading(model);
  if (objection !== undefined) throw objection;
  return encodeToBytes(innerForm(model));
}
