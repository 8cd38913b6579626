import { dirname, resolve } from "node:path";
import { NormfoldError } from "../base/errors.js";
import type { Model } from "../ir/model.js";
import { externalFiles } from "../library/external-files.js";
import { type LoadOptions, loadModel } from "../library/load.js";
import type { FileSize } from "../library/save.js";
import { digestOfBytes } from "../node/digest.js";
import { readStdin } from "../node/files.js";
import { placed } from "../node/guarded.js";
import { whileWaiting } from "../node/interrupt.js";
import { fileSize, isSameFile, STANDARD } from "../node/paths.js";
import { errors } from "./errors.js";

/** A model and where its bytes are. */
export interface StoredModel extends FileSize {
  /** Its data files that are there. */
  readonly dataFiles?: readonly string[];
  /** SHA-256 of a model that went through a stream, which cannot be read again. */
  readonly sha256?: string;
}

export interface LoadedModel {
  readonly model: Model;
  readonly file: StoredModel;
  /** True if the model was changed after it was read. */
  readonly isAdjusted?: boolean;
}

/** Reads a model from a file or, for "-", from standard input. `target`, where the result goes, must be none of its data files. */
export async function loadInput(path: string, options: LoadOptions, target?: string): Promise<LoadedModel> {
  if (path !== STANDARD) {
    const model = await loadModel(path, options);
    if (target !== undefined) assertSparesData(path, model, target);
    const dataFiles = externalPaths(path, model);
    return { model, file: { path, bytes: sizeOf([path, ...dataFiles]), dataFiles } };
  }
  if (process.stdin.isTTY) throw errors.standardInputIsTerminal();
  const bytes = await whileWaiting(readStdin);
  const file = { path: "standard input", bytes: bytes.length, sha256: digestOfBytes(bytes) };
  return { model: await forModel(file.path, () => loadModel(bytes, options)), file };
}

/** Errors of `body` name the file of the model that it works on. */
export async function forModel<T>(file: string, body: () => T | Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw placed(error, file);
  }
}

/**
 * The same for a body that is given flags of the command line: an error of usage is about those, and names no file, unless
 * it names an element of the model.
 */
export async function forModelAndFlags<T>(file: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const isUsage = error instanceof NormfoldError && error.code === "usage";
    throw isUsage && error.where.element === undefined ? error : placed(error, file);
  }
}

/** The bytes of files together. */
export function sizeOf(files: readonly string[]): number {
  return files.reduce((sum, file) => sum + fileSize(file), 0);
}

/** The external files that a model in `path` names and that are there. */
export function externalPaths(path: string, model: Model): string[] {
  const files = externalFiles(model).filter(({ missing }) => !missing);
  return files.map(({ location }) => resolve(dirname(path), location));
}

/** Refuses to write over a data file of the model in `path`. */
export function assertSparesData(path: string, model: Model, target: string): void {
  if (externalPaths(path, model).some((file) => isSameFile(file, target))) {
    throw errors.targetHoldsInputData(target);
  }
}
