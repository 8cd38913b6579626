import { NormfoldError } from "../base/errors.js";
import type { Model } from "../index.js";
import type { FileSize } from "../library/save.js";
import { assertWritable, isSameFile, STANDARD } from "./files.js";
import { flush } from "./output.js";

/** Where a command that makes a model writes it, or "-". Throws "usage" and "io" before the work, not after it. */
export function assertTarget(input: string, output: string | undefined, json: true | undefined): string {
  const fail = (message: string): never => {
    throw new NormfoldError("usage", message);
  };
  if (output === undefined) return fail("there is no place to write to; give --output <file>");
  if (output === STANDARD) {
    if (json) fail("the model and the JSON cannot both go to standard output; give a file to --output");
    if (process.stdout.isTTY) fail("a model is binary and standard output a terminal; redirect it");
    return output;
  }
  if (input !== STANDARD && isSameFile(input, output)) fail(`"${output}" is the input; give another file`);
  assertWritable(output);
  return output;
}

/** Writes the model through a temporary file, or to standard output. */
export async function saveResult(model: Model, target: string): Promise<FileSize> {
  if (target === STANDARD) {
    const { writeToStdout } = await import("../node/files.js");
    const { bytes } = await writeToStdout(model);
    await flush();
    return { path: "standard output", bytes };
  }
  const { saveModel } = await import("../index.js");
  const { files } = await saveModel(model, target);
  return { path: target, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
}
