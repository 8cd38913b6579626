import { statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { NormfoldError } from "../base/errors.js";
import type { Model } from "../ir/model.js";
import { tensorsOf } from "../ir/tensors.js";
import { decodeModel } from "../proto/decode.js";
import { externalOf } from "../proto/write-tensor.js";
import { identityOf } from "./paths.js";
import { FileSource, openSource } from "./source.js";

/** True when the file at `modelPath` is a model that reads the data file at `dataPath`, or may be one. */
export function reads(modelPath: string, dataPath: string): boolean {
  const source = openIfFile(modelPath);
  if (source === undefined) return false;
  try {
    const model = decodeModel(source, { allowMissingExternal: true });
    // The graphs of training information are kept as bytes.
    return (
      externalPaths(model, modelPath).has(identityOf(dataPath)) ||
      (model.trainingInfo.length > 0 && mentions(source, dataPath))
    );
  } catch (error) {
    // It may be a model all the same, of an IR version that is not read, or with a fault that other readers do not mind.
    return !(error instanceof NormfoldError && TEXT.has(error.id)) && mentions(source, dataPath);
  } finally {
    source.close();
  }
}

/** The data files that a model in `modelPath` names and that are there, by their identity. */
function externalPaths(model: Model, modelPath: string): ReadonlySet<string | undefined> {
  const found = new Set<string | undefined>();
  for (const { data } of tensorsOf(model)) {
    const external = externalOf(data);
    if (external !== undefined) found.add(identityOf(resolve(dirname(modelPath), external.location)));
  }
  found.delete(undefined);
  return found;
}

/** The errors of files that hold text, which is no model whatever it mentions. */
const TEXT: ReadonlySet<string> = new Set(["file-is-text", "file-is-web-page", "file-is-git-lfs-pointer"]);

const PIECE = 2 ** 20;

/** True when the name of the data file stands anywhere in the file. */
function mentions(source: FileSource, dataPath: string): boolean {
  const name = Buffer.from(basename(dataPath));
  for (let at = 0; at < source.size; at += PIECE) {
    const length = Math.min(PIECE + name.length, source.size - at);
    if (Buffer.from(source.read(at, length)).includes(name)) return true;
  }
  return false;
}

/** Opens what is a file and no pipe, whose bytes others want. */
function openIfFile(path: string): FileSource | undefined {
  try {
    if (!statSync(path).isFile()) return undefined;
    const source = openSource(path);
    return source instanceof FileSource ? source : undefined;
  } catch {
    return undefined;
  }
}
