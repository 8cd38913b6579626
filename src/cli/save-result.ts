import { type Model, saveModel } from "../index.js";
import type { StoredModel } from "../job/files.js";
import { writeToStdout } from "../node/files.js";
import { whileWaiting } from "../node/interrupt.js";
import { STANDARD } from "../node/paths.js";
import { noteLeft } from "./left.js";
import { noteWritten } from "./written.js";

/** Writes the model through a temporary file, or to standard output; says which files it left lying, unless `quiet`. */
export async function saveResult(model: Model, target: string, quiet = false): Promise<StoredModel> {
  if (target === STANDARD)
    return { path: "standard output", ...(await whileWaiting(() => writeToStdout(model))) };
  const { files, left } = await whileWaiting(() => saveModel(model, target));
  noteWritten(files.map(({ path }) => path));
  if (!quiet) await noteLeft(left);
  return {
    path: target,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    dataFiles: files.slice(1).map((file) => file.path),
  };
}
