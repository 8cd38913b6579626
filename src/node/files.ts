import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { concatBytes } from "../base/bytes.js";
import type { Model } from "../ir/model.js";
import type { TensorData } from "../ir/tensor.js";
import { decodeModel } from "../proto/decode.js";
import { type EncodedModel, type EncodeOptions, encodeModel, MESSAGE_LIMIT } from "../proto/encode.js";
import { externalOf } from "../proto/write-tensor.js";
import { errors } from "./errors.js";
import { guarded, ioError } from "./guarded.js";
import { externalFilesBeside, FileSource, openSource } from "./source.js";
import {
  removeTemporary,
  type StagedFile,
  stageFile,
  statIfThere,
  stream,
  trackTemporary,
  type WriteOptions,
} from "./write.js";

export { type ExternalOptions, externalFilesBeside, FileSource, openSource } from "./source.js";
export { removeTemporaryFiles } from "./write.js";

/** Which external data may be read, and must be there. */
export interface OpenOptions {
  /** Read external data outside the model's folder, or through a link out of it. */
  readonly allowOutsideExternalData?: boolean;
  /** Open a model whose external files are missing; their tensors cannot be read then. */
  readonly allowMissingExternalData?: boolean;
}

/**
 * Opens the model in a file, whose tensors stay there until their bytes are wanted. Throws NormfoldError "io" when the
 * file cannot be read, "invalid" or "unsupported" as decodeModel does.
 */
export function openModelFile(file: string | URL, options: OpenOptions = {}): Model {
  const path = pathOf(file);
  return decodeModel(openSource(path), {
    file: path,
    external: externalFilesBeside(path, { allowOutside: options.allowOutsideExternalData ?? false }),
    allowMissingExternal: options.allowMissingExternalData ?? false,
  });
}

function pathOf(file: string | URL): string {
  if (typeof file === "string") {
    if (file === "") throw errors.fileNameIsEmpty();
    return file;
  }
  if (file.protocol === "file:") return fileURLToPath(file);
  throw errors.urlIsNotFile(file.href);
}

/** Reads standard input to its end. */
export async function readStdin(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of process.stdin) parts.push(part);
  } catch (error) {
    throw ioError(error, "standard input", "read");
  }
  return concatBytes(parts);
}

/** How a model is written. */
export interface WriteModelOptions extends WriteOptions {
  /**
   * true, or an object: put tensors of at least `threshold` bytes (default 1024) into a data file beside the model, named
   * `location` (default: the model's name with ".data"). A number: the threshold. false: put everything into the model. Without it, the model
   * keeps its data files where they are beside the new file, and gets a new one where they are not.
   */
  readonly externalData?: boolean | number | { readonly threshold?: number; readonly location?: string };
}

/** A file that was written. */
export interface WrittenFile {
  /** Its path, as the caller gave it. */
  readonly path: string;
  /** Its size. */
  readonly bytes: number;
}

/**
 * Writes a model and streams its tensors from where they are. The files get their names when all of them are whole, the model
 * last, so a model can be written over the file it is read from. Throws NormfoldError "io", and "usage" for a model that
 * does not fit into one file; no file is left then.
 */
export async function writeModelFile(
  model: Model,
  file: string | URL,
  options: WriteModelOptions = {},
): Promise<{ readonly files: readonly WrittenFile[] }> {
  const path = pathOf(file);
  const encoded = encodeFor(model, path, options.externalData);
  const staged: StagedFile[] = [];
  try {
    if (encoded.external !== undefined && encoded.external.byteLength > 0) {
      const data = join(dirname(path), encoded.external.location);
      staged.push(await stageFile(encoded.external, data, options));
    }
    staged.push(await stageFile(encoded, path, options));
    for (const each of staged) each.commit();
  } catch (error) {
    for (const each of staged) each.discard();
    throw error;
  }
  return { files: staged.map(({ path: name, bytes }) => ({ path: name, bytes })).reverse() };
}

function encodeFor(model: Model, path: string, wanted: WriteModelOptions["externalData"]): EncodedModel {
  const location = `${basename(path)}.data`;
  if (wanted === false) return encodeModel(model, { embedExternal: true });
  if (wanted !== undefined) {
    const chosen = wanted === true ? {} : typeof wanted === "number" ? { threshold: wanted } : wanted;
    return encodeModel(model, { externalData: { location, ...checkedLocation(chosen, path) } });
  }
  const own: EncodeOptions = { externalData: { location } };
  const external = externalTensors(model);
  if (external.length === 0) return encodeModel(model);
  if (!external.every((data) => isBeside(data, path))) return encodeModel(model, own);
  const kept = encodeModel(model);
  return kept.byteLength < MESSAGE_LIMIT ? kept : encodeModel(model, own);
}

function checkedLocation<T extends { readonly threshold?: number; readonly location?: string }>(
  options: T,
  path: string,
): T {
  const { location, threshold = 0 } = options;
  if (!(threshold >= 0)) throw errors.thresholdIsNegative(threshold);
  if (location === undefined) return options;
  const outside = isAbsolute(location) || location.split(/[/\\]/).includes("..");
  if (outside || location === "" || location.includes("\0") || location === basename(path)) {
    throw errors.dataFileNameIsInvalid(location);
  }
  return options;
}

function externalTensors(model: Model): TensorData[] {
  const found: TensorData[] = [];
  const look = (data: TensorData): void => {
    if (externalOf(data) !== undefined) found.push(data);
  };
  for (const graph of model.graphs()) {
    for (const value of graph.initializers) if (value.tensor !== undefined) look(value.tensor.data);
    for (const node of graph.nodes()) {
      for (const attr of node.attributes.values()) if (attr.kind === "tensor") look(attr.value.data);
    }
  }
  return found;
}

/** True when the data's location, seen from the folder of `path`, is the file that the data is in. */
function isBeside(data: TensorData, path: string): boolean {
  const external = externalOf(data);
  if (external === undefined || isAbsolute(external.location)) return false;
  if (data.kind !== "range") return data.kind === "missing";
  const { source } = data.range;
  const stats = statIfThere(resolve(dirname(path), external.location));
  return source instanceof FileSource && stats?.dev === source.device && stats.ino === source.inode;
}

/** Writes a model to standard output, external data included. */
export async function writeToStdout(model: Model): Promise<{ readonly bytes: number }> {
  const encoded = encodeModel(model, { embedExternal: true });
  const { stdout } = process;
  try {
    await stream(encoded, async (bytes) => {
      // Copied, because the stream may keep its argument and `bytes` is used again.
      if (!stdout.write(bytes.slice())) await once(stdout, "drain");
    });
  } catch (error) {
    throw ioError(error, "standard output", "write");
  }
  return { bytes: encoded.byteLength };
}

/** A model file that is removed after use. */
export interface TemporaryModel {
  /** The model, as runtimes take it. */
  readonly model: { readonly kind: "path"; readonly path: string };
  /** Removes the file. */
  readonly dispose: () => Promise<void>;
}

/** Writes a model into a temporary folder until it is disposed of, for runtimes, which open big models only by path. */
export async function writeTemporaryModel(model: Model): Promise<TemporaryModel> {
  const parent = tmpdir();
  const folder = guarded(parent, "write", () => mkdtempSync(join(parent, "normfold-")));
  trackTemporary(folder);
  try {
    const path = join(folder, "model.onnx");
    await writeModelFile(model, path, { externalData: true });
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
