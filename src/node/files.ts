import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Model } from "../ir/model.js";
import { Allowance } from "../proto/allowance.js";
import { isModelText, openModel } from "../text/open.js";
import { canReadAgain, pathOf } from "./paths.js";
import { externalFilesBeside, openSource } from "./source.js";
import { makeTemporaryFolder, removeTemporary, sweepTemporaries } from "./temporary.js";
import { writeModelFile } from "./write-model.js";

export { writeToStdout } from "./model-to-stdout.js";
export { type ExternalOptions, externalFilesBeside, FileSource, openSource } from "./source.js";
export { readStdin } from "./streams.js";
export { removeTemporaryFiles } from "./temporary.js";
export {
  sizeWhenWritten,
  type WriteModelOptions,
  type WrittenFile,
  writeModelFile,
} from "./write-model.js";

/** Which external data may be read, and must be there. */
export interface OpenOptions {
  /** Read external data outside the model's folder, or through a link out of it. */
  readonly allowOutsideExternalData?: boolean;
  /** Open a model whose external files are missing; their tensors cannot be read then. */
  readonly allowMissingExternalData?: boolean;
  /** How much memory its nodes, values and attributes may take, in bytes. Default: any. */
  readonly modelMemory?: number;
}

/**
 * Opens the model in a file, in either form; tensors in binary form stay there until their bytes are wanted. Throws
 * NormfoldError "io" when the file cannot be read, "invalid" or "unsupported" as openModel does.
 */
export function openModelFile(file: string | URL, options: OpenOptions = {}): Model {
  const path = pathOf(file);
  return openModel(openSource(path), {
    file: path,
    external: externalFilesBeside(path, { allowOutside: options.allowOutsideExternalData ?? false }),
    allowMissingExternal: options.allowMissingExternalData ?? false,
    allowance: new Allowance(options.modelMemory),
  });
}

/** Whether a runtime can read the model in a file, as a second reader: a text it does not know. */
export function isRuntimeFile(path: string): boolean {
  return canReadAgain(path) && !isModelText(openSource(path));
}

/** Lets `use` write a file of this name in a folder of its own, which is removed then. */
export async function withTemporaryFile<T>(name: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = makeTemporaryFolder(tmpdir());
  try {
    return await use(join(folder, name));
  } finally {
    removeTemporary(folder);
  }
}

/** A model file that is removed after use. */
export interface TemporaryModel {
  /** The model, as runtimes take it. */
  readonly model: { readonly kind: "path"; readonly path: string };
  /** Removes the file. */
  readonly dispose: () => Promise<void>;
}

/**
 * Writes a model into a temporary folder until it is disposed of, for runtimes, which open big models only by path. Its tensors
 * go to a file beside it, unless `externalData` is false.
 */
export async function writeTemporaryModel(model: Model, externalData = true): Promise<TemporaryModel> {
  sweepTemporaries(tmpdir());
  const folder = makeTemporaryFolder(tmpdir());
  try {
    const path = join(folder, "model.onnx");
    await writeModelFile(model, path, { externalData, fsync: false });
    return {
      model: { kind: "path", path },
      dispose: () => {
        removeTemporary(folder);
        return Promise.resolve();
      },
    };
  } catch (error) {
    removeTemporary(folder);
    throw error;
  }
}
