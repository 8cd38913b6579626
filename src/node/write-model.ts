import { dirname, isAbsolute, join, resolve } from "node:path";
import type { Model } from "../ir/model.js";
import type { TensorData } from "../ir/tensor.js";
import { tensorsOf } from "../ir/tensors.js";
import { type EncodeOptions, encodeModel, MESSAGE_LIMIT } from "../proto/encode.js";
import { externalOf } from "../proto/write-tensor.js";
import { formerData, type StagedData, stageData } from "./data-file.js";
import { defaultLocation } from "./data-names.js";
import { errors } from "./errors.js";
import { assertNamesOnnx } from "./extensions.js";
import { assertReplaceable, identityOf, pathOf, realPath } from "./paths.js";
import { reads } from "./readers.js";
import { FileSource } from "./source.js";
import { sweepTemporaries } from "./temporary.js";
import { type StagedFile, stageFile, statIfThere, type WriteOptions } from "./write.js";

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

/** What a call has written, and what it found left over. */
export interface WrittenModel {
  /** The model, and then its data file. */
  readonly files: readonly WrittenFile[];
  /**
   * Paths beside the model that nothing seems to need any more, and that may be someone else's all the same: a data file of its name
   * that no model there reads, files that a killed process of another machine left.
   */
  readonly left: readonly string[];
}

/**
 * Writes a model and streams its tensors from where they are. Giving the model its name is the only step that counts: before it the
 * old model is whole, with its data, and after it the new one; so a model can be written over the file it is read from. Data files
 * of the old model that nothing reads any more are removed last. Throws NormfoldError "io", and "usage" for a model that does not fit
 * into one file, or whose files would take the place of data that it reads; no file is left then.
 */
export async function writeModelFile(
  model: Model,
  file: string | URL,
  options: WriteModelOptions = {},
): Promise<WrittenModel> {
  const path = pathOf(file);
  assertNamesOnnx(path);
  const layout = layoutFor(model, path, options.externalData);
  const encoded = encodeModel(model, layout);
  const external = (encoded.external?.byteLength ?? 0) > 0 ? encoded.external : undefined;
  assertSparesData(model, path, external?.location);
  // Found out before gigabytes are written.
  if (external !== undefined) assertTakesDataBeside(path);
  const former = formerData(path, layout.externalData?.location, options.system);
  let data: StagedData | undefined;
  let main: StagedFile | undefined;
  try {
    if (external !== undefined) data = await stageData(external, path, options);
    const location = data?.location;
    const placed =
      location === undefined || location === external?.location
        ? encoded
        : encodeModel(model, relocated(layout, location));
    main = await stageFile(placed, path, data === undefined ? options : { fsync: true, ...options });
    main.commit();
  } catch (error) {
    main?.discard();
    data?.discard();
    throw error;
  }
  data?.keep();
  const left = [...former.removeUnread(data?.path), ...sweepTemporaries(dirname(realPath(path)))];
  const written = data === undefined ? [main] : [main, data];
  return { files: written.map(({ path: name, bytes }) => ({ path: name, bytes })), left };
}

/** Bytes of the files that writeModelFile would write, without reading a tensor. Throws NormfoldError as it does. */
export function sizeWhenWritten(
  model: Model,
  file: string,
  externalData?: WriteModelOptions["externalData"],
): { readonly bytes: number; readonly hasDataFile: boolean } {
  const encoded = encodeModel(model, layoutFor(model, file, externalData));
  const data = encoded.external?.byteLength ?? 0;
  return { bytes: encoded.byteLength + data, hasDataFile: data > 0 };
}

/** Where the elements of tensors go. */
function layoutFor(model: Model, path: string, wanted: WriteModelOptions["externalData"]): EncodeOptions {
  const location = defaultLocation(path);
  if (wanted === false) return { embedExternal: true };
  if (wanted !== undefined) {
    const chosen = wanted === true ? {} : typeof wanted === "number" ? { threshold: wanted } : wanted;
    return { externalData: { location, ...checkedLocation(chosen, path) } };
  }
  const external = externalData(model);
  if (external.length === 0) return {};
  const isKept = external.every((data) => isBeside(data, path));
  return isKept && encodeModel(model).byteLength < MESSAGE_LIMIT ? {} : { externalData: { location } };
}

function relocated(layout: EncodeOptions, location: string): EncodeOptions {
  return { ...layout, externalData: { ...layout.externalData, location } };
}

/** The data of the tensors whose elements are in external files. */
function externalData(model: Model): readonly TensorData[] {
  return [...tensorsOf(model)].map(({ data }) => data).filter((data) => externalOf(data) !== undefined);
}

/** Refuses to put the model, or its data file at `location`, in the place of a file that the model reads. */
function assertSparesData(model: Model, path: string, location: string | undefined): void {
  const own = new Set<string | undefined>();
  for (const data of externalData(model)) {
    if (data.kind === "range" && data.range.source instanceof FileSource) own.add(data.range.source.identity);
  }
  const present = identityOf(path);
  if (present !== undefined && own.has(present)) throw errors.fileHoldsOwnData().at({ file: path });
  if (location === undefined) return;
  const dataPath = join(dirname(path), location);
  const taken = identityOf(dataPath);
  if (taken === undefined) return;
  if (taken === present) throw errors.dataFileNameIsInvalid(location);
  // The present version of the model may read it: then the new data gets another name.
  if (own.has(taken) && !reads(path, dataPath)) throw errors.dataFileIsRead(location);
}

/** Refuses a model that is no file, or a link to a file in another folder: its data would not be beside it. */
function assertTakesDataBeside(path: string): void {
  const present = statIfThere(path);
  if (present === undefined) return;
  if (!present.isFile() && !present.isDirectory()) throw errors.deviceHasNoDataFile().at({ file: path });
  const target = realPath(path);
  if (dirname(target) !== realPath(dirname(resolve(path))))
    throw errors.linkedModelHasDataElsewhere(target).at({ file: path });
  assertReplaceable(path);
}

function checkedLocation<T extends { readonly threshold?: number; readonly location?: string }>(
  options: T,
  path: string,
): T {
  const { location, threshold = 0 } = options;
  if (!(threshold >= 0)) throw errors.thresholdIsNegative(threshold);
  if (location === undefined) return options;
  const outside = isAbsolute(location) || location.split(/[/\\]/).includes("..");
  const isModel = resolve(dirname(path), location) === resolve(path);
  if (outside || location === "" || location.includes("\0") || isModel) {
    throw errors.dataFileNameIsInvalid(location);
  }
  return options;
}

/** True when the data's location, seen from the folder of `path`, is the file that the data is in. */
function isBeside(data: TensorData, path: string): boolean {
  const external = externalOf(data);
  if (external === undefined || isAbsolute(external.location)) return false;
  if (data.kind !== "range") return data.kind === "missing";
  const { source } = data.range;
  return (
    source instanceof FileSource && source.identity === identityOf(resolve(dirname(path), external.location))
  );
}
