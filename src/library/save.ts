import type { Model } from "../ir/model.js";
import { encodeToBytes } from "../proto/encode.js";
import { assertModel } from "./model-argument.js";

/** The place to which a model's tensors are written. */
export interface SaveOptions {
  /**
   * Put tensors of at least `threshold` bytes (default 1024) into a file of their own beside the model, named `location`
   * (default: the model's name with ".data"). A number: the threshold. true: with the defaults. false: everything into the
   * model. Not given: as it was; data files that lie beside `path` are used as they are.
   */
  readonly externalData?: boolean | number | { readonly threshold?: number; readonly location?: string };
}

/** A file and the number of its bytes. */
export interface FileSize {
  /** The path as the caller named it. */
  readonly path: string;
  /** The size of the file; of a model that is reported as one, its external data included. */
  readonly bytes: number;
}

/** What `saveModel` has done. */
export interface SavedModel {
  /** The files that were written: the model, and then its data file if there is one. */
  readonly files: readonly FileSize[];
  /**
   * Files beside the model that seem to be left from earlier runs, and that nobody but their owner can know to be of no use. They
   * were not touched.
   */
  readonly left: readonly string[];
}

/**
 * Writes a model. At every moment, whatever fails, `path` is the old model or the new one, whole and with its data: the new files are
 * made under other names, and giving the model its name is the only step that counts. A data file of that model that the old one
 * still reads keeps its name until then, so that the new one gets another, as `net.onnx.1f3a9c2e.data`; `files` says which. Throws
 * NormfoldError "io" where it cannot be written; "usage" for a model above protobuf's 2 GB without external data, for a file that the
 * model reads, and for a name that is another format's (`net.ort`); nothing is left behind then.
 */
export async function saveModel(
  model: Model,
  path: string | URL,
  options: SaveOptions = {},
): Promise<SavedModel> {
  assertModel(model);
  const { writeModelFile } = await import("../node/files.js");
  return writeModelFile(model, path, options);
}

/** The model as one ONNX file in memory, external data included. Throws "usage" above protobuf's 2 GB. */
export function modelToBytes(model: Model): Uint8Array {
  assertModel(model);
  return encodeToBytes(model);
}
