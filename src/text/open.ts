import { type ByteSource, concatBytes, memorySource, readRange } from "../base/bytes.js";
import { NormfoldError } from "../base/errors.js";
import type { Model } from "../ir/model.js";
import { type DecodeOptions, decodeModel } from "../proto/decode.js";
import { encodeModel } from "../proto/encode.js";
import { errors } from "./errors.js";
import { parseModel } from "./parse.js";

/** Bytes in which a text shows that it is one. */
const LOOKED_AT = 512;
/** JavaScript's longest string. */
const LONGEST_TEXT = 2 ** 29 - 24;

/**
 * Reads a model in either form, decided by its content: a ModelProto, or ONNX's textual syntax as `print` writes it. Throws
 * NormfoldError as decodeModel does; an error of a text names line and column.
 */
export function openModel(source: ByteSource, options: DecodeOptions = {}): Model {
  return isModelText(source) ? readText(source, options) : decodeModel(source, options);
}

/**
 * True for a text that begins as a model does: with `<key:` or a comment. No ModelProto begins so, because "#" and "<" would be
 * tags of groups, nor does a web page.
 */
export function isModelText(source: ByteSource): boolean {
  const start = source.read(0, Math.min(LOOKED_AT, source.size));
  if (start.some((byte) => byte < 9 || (byte > 13 && byte < 32) || byte === 127)) return false;
  return /^\s*(?:#|<\s*(?:[A-Za-z_]+\s*:|#|$))/.test(new TextDecoder().decode(start));
}

function readText(source: ByteSource, options: DecodeOptions): Model {
  try {
    if (source.size > LONGEST_TEXT) throw errors.textIsTooLong(source.size);
    // Through the other form, so that both are read alike: external data is found, training information pins its values.
    const bytes = concatBytes(chunksOf(parseModel(decoded(source), options.allowance)));
    return decodeModel(memorySource(bytes), { ...options, allowance: undefined });
  } catch (error) {
    const { file } = options;
    throw error instanceof NormfoldError && file !== undefined ? error.at({ file }) : error;
  }
}

function decoded(source: ByteSource): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(source.read(0, source.size));
  } catch (error) {
    if (error instanceof NormfoldError) throw error;
    throw errors.textIsNotEncoded().because(error);
  }
}

function chunksOf(model: Model): Uint8Array[] {
  return [...encodeModel(model).chunks()].map((chunk) =>
    chunk instanceof Uint8Array ? chunk : readRange(chunk),
  );
}
