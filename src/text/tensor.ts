import { product } from "../base/integers.js";
import { bitsOf, type DType } from "../ir/dtype.js";
import {
  decodeNumbers,
  type ExternalLocation,
  encodeNumbers,
  Tensor,
  type TensorMeta,
  tensorFromBytes,
  typedView,
} from "../ir/tensor.js";
import { staticShape, type ValueType } from "../ir/type.js";
import { errors } from "./errors.js";
import { isSpecialFloat, type Lexer, listUntil } from "./lex.js";
import { nanOf, nanText, patternOf, setPattern } from "./nan.js";
import { float32Text, float64Text, parseNumber, quoted, quotedBytes } from "./number.js";

/** The element types that are written as FLOAT literals, and the precision of the literals. */
const FLOATING: Partial<Record<DType, "float" | "double">> = {
  float: "float",
  complex64: "float",
  double: "double",
  complex128: "double",
};

function isSigned(dtype: DType): boolean {
  return dtype.startsWith("int");
}

/** Small floats are written as their bit patterns. */
function isPattern(dtype: DType): boolean {
  return FLOATING[dtype] === undefined && dtype.includes("float");
}

/** The values an element literal may have. */
function integerRange(dtype: DType): readonly [bigint, bigint] {
  if (dtype === "bool") return [0n, 1n];
  const bits = BigInt(bitsOf(dtype));
  return isSigned(dtype) ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
}

/**
 * Reads the data of a constant: `{1.0, 2.0}`, or `["location": "w.bin", "offset": "0"]` for an external file. Throws
 * "invalid" when the number of elements is not that of the dims.
 */
export function parseTensorData(lexer: Lexer, type: ValueType, meta: TensorMeta): Tensor {
  if (type.kind !== "tensor") return lexer.fail(errors.dataNeedsTensorType());
  const dims = staticShape(type);
  if (dims === undefined || dims.some((dim) => dim < 0)) {
    return lexer.fail(errors.dataNeedsSizes());
  }
  if (lexer.at("[")) return parseExternal(lexer, type.dtype, dims, meta);
  // ONNX's printer writes "..." for types whose elements it does not print.
  if (lexer.at("...")) lexer.fail(errors.dataWasLeftOut());
  const { offset } = lexer.peek();
  lexer.expect("{");
  if (lexer.at("...")) lexer.fail(errors.dataWasLeftOut());
  const { dtype } = type;
  if (dtype === "undefined") {
    // Without an element type there are no elements.
    lexer.expect("}");
    return new Tensor(dtype, dims, { kind: "computed", compute: () => new Uint8Array(0) }, meta);
  }
  const counted = <T>(elements: readonly T[]): readonly T[] => {
    // A complex number is written as two.
    const wanted = product(dims) * (dtype.startsWith("complex") ? 2 : 1);
    if (elements.length === wanted) return elements;
    return lexer.fail(errors.constantSizeDiffers(elements.length, dtype, dims, wanted), offset);
  };
  if (dtype === "string") {
    const values = counted(elementsOf(lexer, () => lexer.bytes("a string")));
    return new Tensor(dtype, dims, { kind: "strings", values }, meta);
  }
  const precision = FLOATING[dtype];
  if (precision !== undefined) {
    const patterns = new Map<number, bigint>();
    const elements: number[] = [];
    listUntil(lexer, "}", () => {
      const { value, pattern } = parseFloatBits(lexer, precision);
      if (pattern !== undefined) patterns.set(elements.length, pattern);
      elements.push(value);
    });
    const bytes = encodeNumbers(precision, counted(elements));
    for (const [index, pattern] of patterns) setPattern(bytes, precision, index, pattern);
    return tensorFromBytes(dtype, dims, bytes, meta);
  }
  const values = counted(elementsOf(lexer, () => parseInteger(lexer, dtype)));
  return tensorFromBytes(dtype, dims, integerBytes(dtype, values), meta);
}

function elementsOf<T>(lexer: Lexer, element: () => T): readonly T[] {
  const elements: T[] = [];
  listUntil(lexer, "}", () => {
    elements.push(element());
  });
  return elements;
}

function parseInteger(lexer: Lexer, dtype: DType): bigint {
  const { kind, text, offset } = lexer.peek();
  if (kind === "float" && isPattern(dtype)) {
    lexer.fail(errors.elementIsNotPattern(dtype, text));
  }
  const value = lexer.integer(`an integer element of ${dtype}`);
  const [lowest, highest] = integerRange(dtype);
  if (value < lowest || value > highest) lexer.fail(errors.elementDoesNotFit(text, dtype), offset);
  return value;
}

function integerBytes(dtype: DType, values: readonly bigint[]): Uint8Array {
  const bits = bitsOf(dtype);
  if (bits === 64) {
    return new Uint8Array(BigUint64Array.from(values, (value) => BigInt.asUintN(64, value)).buffer);
  }
  const patterns = values.map((value) => Number(BigInt.asUintN(bits, value)));
  if (bits === 6) return packed(patterns, bits);
  return encodeNumbers(PATTERN_DTYPES[bits] ?? "uint8", patterns);
}

/** Bit patterns one behind the other, the lowest bits first. No integer type has those of 6 bits, which straddle bytes. */
function packed(patterns: readonly number[], bits: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((patterns.length * bits) / 8));
  patterns.forEach((pattern, index) => {
    const [byte, shift] = [(index * bits) >> 3, (index * bits) & 7];
    bytes[byte] = (bytes[byte] ?? 0) | (pattern << shift);
    if (shift + bits > 8) bytes[byte + 1] = pattern >> (8 - shift);
  });
  return bytes;
}

function unpacked(bytes: Uint8Array, bits: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const [byte, shift] = [(index * bits) >> 3, (index * bits) & 7];
    return (((bytes[byte] ?? 0) | ((bytes[byte + 1] ?? 0) << 8)) >> shift) & (2 ** bits - 1);
  });
}

/** The unsigned type of each width, which holds every bit pattern as it is. */
const PATTERN_DTYPES: Readonly<Record<number, DType>> = {
  2: "uint2",
  4: "uint4",
  8: "uint8",
  16: "uint16",
  32: "uint32",
};

/** Reads a FLOAT literal, or an integer as one. Throws where a finite literal overflows. */
export function parseFloatLiteral(lexer: Lexer, precision: "float" | "double"): number {
  return parseFloatBits(lexer, precision).value;
}

interface FloatLiteral {
  readonly value: number;
  /** The bits of a NaN that says them: `nan("ffc00000")`. Numbers of JavaScript need not keep them. */
  readonly pattern?: bigint;
}

function parseFloatBits(lexer: Lexer, precision: "float" | "double"): FloatLiteral {
  const { kind, text } = lexer.peek();
  const isNumber = kind === "int" || kind === "float" || (kind === "id" && isSpecialFloat(text));
  if (!isNumber) lexer.unexpected("a number");
  const value = precision === "float" ? Math.fround(parseNumber(text)) : parseNumber(text);
  if (!Number.isFinite(value) && !isSpecialFloat(text)) {
    lexer.fail(errors.elementDoesNotFit(text, precision));
  }
  lexer.next();
  if (!Number.isNaN(value) || !lexer.accept("(")) return { value };
  const { offset } = lexer.peek();
  const digits = lexer.string('the bits of a NaN, as in nan("ffc00000")');
  const width = precision === "float" ? 8 : 16;
  if (digits.length !== width || !/^[0-9a-f]+$/.test(digits))
    lexer.fail(errors.nanIsNotPattern(width), offset);
  lexer.expect(")");
  const pattern = BigInt(`0x${digits}`);
  return { value: nanOf(precision, pattern), pattern };
}

function parseExternal(lexer: Lexer, dtype: DType, dims: readonly number[], meta: TensorMeta): Tensor {
  const entries = new Map<string, string>();
  const { offset: start } = lexer.peek();
  lexer.expect("[");
  listUntil(lexer, "]", () => {
    const key = lexer.string('a quoted key such as "location"');
    lexer.expect(":");
    entries.set(key, lexer.string("a quoted value"));
  });
  const location = entries.get("location") ?? lexer.fail(errors.externalDataNeedsLocation(), start);
  const bytes = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    return /^[0-9]+$/.test(text) ? Number(text) : lexer.fail(errors.externalDataNeedsBytes(key, text), start);
  };
  const external = { location, offset: bytes("offset") ?? 0, length: bytes("length") };
  const error = errors.externalDataIsNotRead(location);
  return new Tensor(dtype, dims, { kind: "missing", external, error }, meta);
}

/** The data of a tensor in ONNX text; above `maxElements` elements `{...}`, which cannot be parsed. */
export function tensorDataText(tensor: Tensor, maxElements: number): string {
  const { data, dtype, size } = tensor;
  if (data.kind === "missing") {
    return externalText(data.external);
  }
  if (size > maxElements) {
    // The file is there to be read, so the text can be read back.
    const isInFile = data.kind === "range" && data.external !== undefined;
    return isInFile ? externalText(data.external) : ELIDED;
  }
  if (dtype === "undefined") return "{}";
  if (data.kind === "strings") return `{${data.values.map((value) => quotedBytes(value)).join(", ")}}`;
  return `{${elementTexts(dtype, tensor.bytes(), size).join(", ")}}`;
}

function externalText({ location, offset, length }: ExternalLocation): string {
  const rest = length === undefined ? "" : `, "length": "${length}"`;
  return `["location": ${quoted(location)}, "offset": "${offset}"${rest}]`;
}

/** Stands for data that is left out. */
export const ELIDED = "{...}";

function elementTexts(dtype: DType, bytes: Uint8Array, size: number): string[] {
  const precision = FLOATING[dtype];
  if (precision !== undefined) {
    const text = precision === "float" ? float32Text : float64Text;
    const numbers = decodeNumbers(precision, bytes, bytes.length / (bitsOf(precision) / 8));
    return Array.from(numbers, (value, index) =>
      Number.isNaN(value) ? nanText(precision, patternOf(bytes, precision, index)) : text(value),
    );
  }
  const bits = bitsOf(dtype);
  if (bits === 6) return unpacked(bytes, bits, size).map(String);
  const integers = bits < 64 ? decodeNumbers(integerDType(dtype), bytes, size) : typedView(dtype, bytes);
  return Array.from<number | bigint, string>(integers ?? [], String);
}

/** The integer type to read elements as: small floats by their pattern. */
function integerDType(dtype: DType): DType {
  return isPattern(dtype) ? (PATTERN_DTYPES[bitsOf(dtype)] ?? "uint8") : dtype;
}
