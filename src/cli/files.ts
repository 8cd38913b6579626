import { dirname, resolve } from "node:path";
import { NormfoldError } from "../base/errors.js";
import { visible } from "../base/visible.js";
import {
  type FileSize,
  type LoadOptions,
  loadModel,
  type Model,
  type SaveOptions,
  saveModel,
} from "../index.js";
import { externalFiles } from "../library/external-files.js";
import { assertNamesOnnx } from "../node/extensions.js";
import { readStdin, removeTemporaryFiles, writeToStdout } from "../node/files.js";
import { placed } from "../node/guarded.js";
import { whileWaiting } from "../node/interrupt.js";
import { assertWritable, fileSize, isInFolder, isSameFile } from "../node/paths.js";
import { errors } from "./errors.js";
import { onInterrupt } from "./exit.js";
import { write } from "./output.js";
import { noteWritten } from "./written.js";

/** The argument that stands for standard input or output. */
export const STANDARD = "-";

export interface LoadedModel {
  readonly model: Model;
  readonly file: FileSize;
  /** True if the model was changed after it was read. */
  readonly isAdjusted?: boolean;
}

/** Reads a model from a file or, for "-", from standard input. `target`, where the result goes, must be none of its data files. */
export async function loadInput(path: string, options: LoadOptions, target?: string): Promise<LoadedModel> {
  if (path !== STANDARD) {
    const model = await loadModel(path, options);
    if (target !== undefined) assertSparesData(path, model, target);
    return { model, file: { path, bytes: fileSize(path) + externalBytes(path, model) } };
  }
  if (process.stdin.isTTY) throw errors.standardInputIsTerminal();
  const bytes = await whileWaiting(readStdin);
  const file = { path: "standard input", bytes: bytes.length };
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

/** The bytes of the external files that a model in `path` names and that are there. */
export function externalBytes(path: string, model: Model): number {
  return externalPaths(path, model).reduce((sum, file) => sum + fileSize(file), 0);
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

/** Refuses to write over what a command reads beside its model, and to write two outputs into one file. */
export function assertApart(
  outputs: readonly (string | undefined)[],
  inputs: readonly (string | undefined)[],
): void {
  const [written, read] = [filesAmong(outputs), filesAmong(inputs)];
  for (const [index, output] of written.entries()) {
    if (written.slice(0, index).some((other) => isSameFile(other, output)))
      throw errors.outputsAreOneFile(output);
    if (read.some((input) => isSameFile(input, output) || isPartOf(output, input)))
      throw errors.targetIsRead(output);
  }
}

function filesAmong(paths: readonly (string | undefined)[]): string[] {
  return paths.flatMap((path) => (path === undefined || path === STANDARD ? [] : [path]));
}

/** True for a file that is there, in a folder of data; a model may be written beside the data. */
function isPartOf(output: string, input: string): boolean {
  return !output.toLowerCase().endsWith(".onnx") && isInFolder(output, input);
}

/** Has unfinished files removed when the process is interrupted. */
export async function removeTemporariesOnInterrupt(): Promise<void> {
  onInterrupt(removeTemporaryFiles);
}

export interface TargetRules {
  /** The JSON goes to standard output. */
  readonly json?: boolean | undefined;
  /** The flags that would name a target. */
  readonly flags?: string;
  /** The target may be the input. */
  readonly mayBeInput?: boolean;
  /** The advice where the target is the input and may not be. */
  readonly wayOut?: string;
}

/** The file to which a command writes its model, or "-". Throws "usage" and "io" before the work, not after it. */
export function assertTarget(
  input: string,
  output: string | undefined,
  { json, flags = "--output <file>", mayBeInput = false, wayOut = "give another file" }: TargetRules,
): string {
  if (output === undefined) throw errors.targetIsMissing(flags);
  if (output === STANDARD) {
    if (json) throw errors.standardOutputIsTaken();
    if (process.stdout.isTTY) throw errors.standardOutputIsTerminal();
    return output;
  }
  if (!mayBeInput && input !== STANDARD && isSameFile(input, output))
    throw errors.targetIsInput(output, wayOut);
  assertNamesOnnx(output);
  assertWritable(output);
  return output;
}

/** Writes the model through a temporary file, or to standard output; says which files it left lying, unless `quiet`. */
export async function saveResult(model: Model, target: string, quiet = false): Promise<FileSize> {
  if (target === STANDARD) return await saveToStandardOutput(model);
  const files = await saveToFile(model, target, { quiet });
  return { path: target, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
}

/** Writes the model, and its data file if there is one. */
export async function saveToFile(
  model: Model,
  target: string,
  { quiet, ...options }: SaveOptions & { readonly quiet: boolean },
): Promise<readonly FileSize[]> {
  const { files, left } = await whileWaiting(() => saveModel(model, target, options));
  noteWritten(files.map(({ path }) => path));
  if (!quiet) for (const path of left) await write(`note: ${visible(leftText(path))}\n`, "stderr");
  return files;
}

function leftText(path: string): string {
  return `${path} is of an earlier run, it seems, and no model beside it reads it; remove it if nobody needs it`;
}

export async function saveToStandardOutput(model: Model): Promise<FileSize> {
  const { bytes } = await whileWaiting(() => writeToStdout(model));
  return { path: "standard output", bytes };
}
