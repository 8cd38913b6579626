import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";
import type { DType } from "../ir/dtype.js";

const SENTENCES = {
  // The text as such.
  tokenIsUnexpected: [
    "invalid",
    (wanted: string, found: string): string => `expected ${wanted}, found ${found}`,
  ],
  characterCannotStandHere: [
    "invalid",
    (text: string): string =>
      `${JSON.stringify(text)} cannot stand here; names with such characters are quoted`,
  ],
  textIsTooLong: [
    "unsupported",
    (bytes: number): string =>
      `a text of ${bytes} bytes is too long to be read; give the model in binary form`,
  ],
  textIsNotEncoded: ["invalid", (): string => "the text is no UTF-8; save it as that"],
  stringIsNotClosed: ["invalid", (): string => 'this string has no closing quote; end it with "'],
  escapeIsUnknown: [
    "invalid",
    (written: string): string =>
      `${JSON.stringify(written)} is no escape; write \\u with four digits, \\x with two, or \\\\ for a backslash`,
  ],
  nameHoldsOtherBytes: [
    "invalid",
    (): string => "a name is text, and this one holds other bytes; write UTF-8",
  ],
  textIsNestedTooDeep: [
    "invalid",
    (limit: number): string => `more than ${limit} levels of nesting; no model needs them`,
  ],
  headerHasNoIrVersion: [
    "invalid",
    (): string => "the model header has no ir_version; add one, as in ir_version: 8",
  ],

  // Names.
  nameIsDefinedTwice: ["invalid", (name: string): string => `"${name}" is defined twice; rename one of them`],
  nameIsNotDefined: [
    "invalid",
    (name: string): string => `"${name}" is not defined before this; add it as an input or node output`,
  ],

  // Types and attributes.
  opaqueTypeHasName: ["invalid", (): string => "normfold keeps no names of opaque types; write opaque()"],
  messageIsNotBase64: ["invalid", (): string => "this is no base64; copy the text as it was printed"],
  notedAttributeIsNotThere: [
    "invalid",
    (name: string): string => `the node has no attribute "${name}", which a note is about; remove the note`,
  ],
  sparseTensorNeedsSizes: [
    "invalid",
    (): string => "a sparse tensor needs its type and sizes, as in sparse_tensor(float[3,4])",
  ],
  dimIsOutOfRange: [
    "invalid",
    (text: string): string => `dimension ${text} is out of range; give one below 2^53`,
  ],
  referenceNeedsKind: [
    "invalid",
    (name: string): string => `a reference needs its kind, as in ${name}: float = @${name}`,
  ],
  attributeValueIsOfOtherKind: [
    "invalid",
    (name: string, kind: string): string =>
      `attribute "${name}" is declared ${kind}, but the value is of another kind; change one of them`,
  ],
  integerIsTooLarge: [
    "invalid",
    (text: string): string => `${text} does not fit INT, which has 64 bits; give a smaller one`,
  ],
  emptyListNeedsKind: ["invalid", (): string => "an empty list needs its kind, as in axes: ints = []"],
  listItemsAreOfSeveralKinds: [
    "invalid",
    (): string => "the items of a list are of one kind; write floats with a point",
  ],

  // Constants.
  constantNeedsType: [
    "invalid",
    (name: string): string => `constant "${name}" needs a type before its name; add it`,
  ],
  dataNeedsTensorType: ["invalid", (): string => "only a tensor type has constant data; change the type"],
  dataNeedsSizes: [
    "invalid",
    (): string => "the data of a tensor needs a type with a size for each dimension, as in float[2,3]",
  ],
  dataWasLeftOut: [
    "invalid",
    (): string =>
      "the data was left out when this was printed; print with --max-elements all, or maxElements: Infinity",
  ],
  constantSizeDiffers: [
    "invalid",
    (given: number, dtype: DType, dims: readonly number[], needed: number): string =>
      `${given} elements for ${dtype}[${dims}], which takes ${needed}; change the data or the type`,
  ],
  elementIsNotPattern: [
    "invalid",
    (dtype: DType, text: string): string =>
      `${dtype} elements are written as bit patterns, found ${text}; the float16 1.0 is 15360`,
  ],
  nanIsNotPattern: [
    "invalid",
    (digits: number): string =>
      `the bits of this NaN are ${digits} lower-case hexadecimal digits; write them`,
  ],
  elementDoesNotFit: [
    "invalid",
    (text: string, dtype: DType): string => `${text} does not fit ${dtype}; give a number in its range`,
  ],
  externalDataNeedsLocation: [
    "invalid",
    (): string => 'external data needs a "location"; add one, as in "location": "w.bin"',
  ],
  externalDataNeedsBytes: [
    "invalid",
    (key: string, text: string): string => `"${key}" is a number of bytes, found "${text}"`,
  ],
  externalDataIsNotRead: [
    "io",
    (location: string): string => `the data is in "${location}", which text does not read; read the .onnx`,
  ],
} as const;

/** The errors of ONNX's textual syntax. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
