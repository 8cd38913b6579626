import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { NormfoldError } from "../base/errors.js";
import type { LoadOptions, Model } from "../index.js";
import { externalFiles } from "../library/description.js";
import type { FileSize } from "../library/save.js";
import { guarded } from "../node/guarded.js";
import { onInterrupt } from "./exit.js";

/** The argument that stands for standard input or output. */
export const STANDARD = "-";

export interface LoadedModel {
  readonly model: Model;
  readonly file: FileSize;
  /** The model is no longer what the file holds. */
  readonly isAdjusted?: boolean;
}

/** Reads a model from a file or, for "-", from standard input. */
export async function loadInput(path: string, options: LoadOptions): Promise<LoadedModel> {
  const { loadModel } = await import("../index.js");
  if (path !== STANDARD) {
    const model = await loadModel(path, options);
    return { model, file: { path, bytes: fileSize(path) + externalBytes(path, model) } };
  }
  if (process.stdin.isTTY) {
    throw new NormfoldError("usage", "standard input is a terminal; pipe a model into it or name a file");
  }
  const { readStdin } = await import("../node/files.js");
  const bytes = await readStdin();
  try {
    const model = await loadModel(bytes, options);
    return { model, file: { path: "standard input", bytes: bytes.length } };
  } catch (error) {
    throw error instanceof NormfoldError ? error.at({ file: "standard input" }) : error;
  }
}

/** The bytes of the external files that a model in `path` names and that are there. */
export function externalBytes(path: string, model: Model): number {
  return externalPaths(path, model).reduce((sum, file) => sum + fileSize(file), 0);
}

/** The external files that a model in `path` names and that are there. */
export function externalPaths(path: string, model: Model): string[] {
  const files = externalFiles(model).filter(({ missing }) => !missing);
  return files.map(({ location }) => resolve(dirname(path), location));
}

/** 0 for a file that is not there. */
function fileSize(path: string): number {
  return guarded(path, "read", () => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
}

/** Has unfinished files removed when the process is interrupted. */
export async function removeTemporariesOnInterrupt(): Promise<void> {
  const { removeTemporaryFiles } = await import("../node/files.js");
  onInterrupt(removeTemporaryFiles);
}

/** Finds out before the work, not after it, that a file cannot be written. Throws NormfoldError "io". */
export function assertWritable(path: string): void {
  const present = guarded(path, "write", () => {
    accessSync(dirname(resolve(path)), constants.W_OK);
    return statSync(path, { throwIfNoEntry: false });
  });
  if (present?.isDirectory()) {
    throw new NormfoldError("io", "this is a folder; give a file name", { file: path });
  }
}

/** True for a file; what came through a pipe is gone once it was read, and opening it again waits for ever. */
export function canReadAgain(path: string): boolean {
  if (path === STANDARD) return false;
  return guarded(path, "read", () => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
}

/** True when the two paths lead to one file, also through links. */
export function isSameFile(a: string, b: string): boolean {
  return real(a) === real(b);
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
