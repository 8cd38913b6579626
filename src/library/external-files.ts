import type { Model } from "../ir/model.js";
import { tensorsOf } from "../ir/tensors.js";

/** A file that holds tensors of a model. */
export interface ExternalFile {
  /** The path as the model names it: relative to its folder. */
  readonly location: string;
  /** The number of tensors in it. */
  readonly tensors: number;
  /** The bytes of those tensors. */
  readonly bytes: number;
  /** It is not there, or may not be read. */
  readonly missing: boolean;
}

/** The files that hold tensors of the model, in the order they are named. */
export function externalFiles(model: Model): ExternalFile[] {
  const files = new Map<string, { tensors: number; bytes: number; missing: boolean }>();
  for (const tensor of tensorsOf(model)) {
    const { data } = tensor;
    const external = data.kind === "range" || data.kind === "missing" ? data.external : undefined;
    if (external === undefined) continue;
    const file = files.get(external.location) ?? { tensors: 0, bytes: 0, missing: false };
    file.tensors++;
    file.bytes += tensor.byteLength;
    file.missing ||= data.kind === "missing";
    files.set(external.location, file);
  }
  return [...files].map(([location, file]) => ({ location, ...file }));
}
