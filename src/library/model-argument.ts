import { Model } from "../ir/model.js";
import { errors } from "./errors.js";

/** Throws "usage" for anything but a model: callers from JavaScript have no types, and forget to await a model. */
export function assertModel(model: unknown): void {
  if (!(model instanceof Model)) throw errors.argumentIsNoModel(model);
}
