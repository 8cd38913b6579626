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

/**
 * Writes a model through a temporary file, which takes the place of `path` only when it is whole; `files` lists the model
 * first and then its data. Throws NormfoldError "io" where it cannot be written, "usage" for a model above protobuf's 2 GB
 * without external data; nothing is left behind then.
 */
export async function saveModel(
  model: Model,
  path: string | URL,
  options: SaveOptions = {},
): Promise<{ readonly files: readonly FileSize[] }> {
  assertModel(model);
  const { writeModelFile } = await import("../node/files.js");
  return writeModelFile(model, path, options);
}

/** The model as one ONNX file in memory, external data included. Throws "usage" above protobuf's 2 GB. */
export function modelToBytes(model: Model): Uint8Array {
  assertModel(model);
  return encodeToBytes(model);
}
