import type { Model } from "../ir/model.js";

/** One difference between a valid model and what onnxruntime takes. */
export interface Adaptation {
  /** Whether the model has it. Asked of every model that is run, so one look at each node at most. */
  readonly isNeeded: (model: Model) => boolean;
  /** Takes it out of a copy of the model. Where that cannot be done the copy stays, and the runtime gives its reason. */
  readonly apply: (copy: Model) => void;
}
