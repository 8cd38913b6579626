import type { ByteRange, ByteSource } from "../base/bytes.js";
import { NormfoldError } from "../base/errors.js";
import type { ExternalLocation, TensorData } from "../ir/tensor.js";
import { errors } from "./errors.js";

/** Opens the external data files of a model. `location` is relative to the model's folder, as the model gives it. */
export interface ExternalFiles {
  /** Throws NormfoldError when the file is missing, unreadable, or not allowed. */
  open(location: string): ByteSource;
}

/** How tensors are read whose elements are in external files. */
export interface TensorContext {
  readonly external: ExternalFiles | undefined;
  /** Take data that cannot be opened as "missing" instead of failing. */
  readonly allowMissing: boolean;
}

/** The place that the external_data entries of a tensor give; their numbers are decimal text. */
export function externalLocation(entries: ReadonlyMap<string, string>): ExternalLocation {
  const location = entries.get("location");
  if (location === undefined || location === "") throw errors.externalLocationIsMissing();
  const offset = integerEntry(entries, "offset");
  return { location, offset: offset ?? 0, length: integerEntry(entries, "length") };
}

function integerEntry(entries: ReadonlyMap<string, string>, key: string): number | undefined {
  const text = entries.get(key);
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw errors.externalNumberIsMalformed(key, text);
  }
  return value;
}

/** Data of `byteLength` bytes at `external`, checked to be there. */
export function externalData(
  external: ExternalLocation,
  byteLength: number,
  context: TensorContext,
): TensorData {
  if (external.length !== undefined && external.length !== byteLength) {
    throw errors.externalLengthDiffers(external.length, byteLength);
  }
  try {
    return { kind: "range", range: openRange(external, byteLength, context), external };
  } catch (error) {
    if (!(error instanceof NormfoldError) || !missingAllowed(context)) throw error;
    return { kind: "missing", external, error };
  }
}

/** Whether data may be missing; so it is for a caller that gives no function to open files. */
function missingAllowed(context: TensorContext): boolean {
  return context.allowMissing || context.external === undefined;
}

function openRange(external: ExternalLocation, length: number, context: TensorContext): ByteRange {
  const { location, offset } = external;
  const files = context.external;
  if (files === undefined) throw errors.externalFileIsNotGiven(location);
  const source = files.open(location);
  if (offset + length > source.size) {
    throw errors.externalFileIsTooShort(offset + length, location, source.size);
  }
  return { source, offset, length };
}
