import type { Model } from "../index.js";
import { MODULE, PREPARATION } from "../options/data.js";
import { pick } from "../options/validate.js";
import { type Dataset, openData } from "../train.js";
import type { Given } from "./define.js";

/** Opens the samples at `path` for a model, prepared as the flags say. */
export async function openDataFor(model: Model, path: string, given: Given): Promise<Dataset> {
  return openData(model, path, { ...pick(PREPARATION, given), ...pick(MODULE, given) });
}
