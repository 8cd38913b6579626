import { product } from "../base/integers.js";
import { bitsOf, type DType } from "../ir/dtype.js";
import {
  decodeNumbers,
  encodeNumbers,
  Tensor,
  type TensorMeta,
  tensorFromBytes,
  typedView,
} from "../ir/tensor.js";
import { staticShape, type ValueType } from "../ir/type.js";
import { errors } from "./errors.js";
import { isSpecialFloat, type Lexer, listUntil } from "./lex.js";
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
  const { offset } = lexer.peek();
  lexer.expect("{");
  if (lexer.at("...")) lexer.fail(errors.dataWasLeftOut());
  const { dtype } = type;
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
    const values = counted(elementsOf(lexer, () => parseFloatLiteral(lexer, precision)));
    return tensorFromBytes(dtype, dims, encodeNumbers(precision, values), meta);
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
  return encodeNumbers(PATTERN_DTYPES[bits] ?? "uint8", patterns);
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
  const { kind, text } = lexer.peek();
  const isNumber = kind === "int" || kind === "float" || (kind === "id" && isSpecialFloat(text));
  if (!isNumber) lexer.unexpected("a number");
  const value = precision === "float" ? Math.fround(parseNumber(text)) : parseNumber(text);
  if (!Number.isFinite(value) && !isSpecialFloat(text)) {
    lexer.fail(errors.elementDoesNotFit(text, precision));
  }
  lexer.next();
  return value;
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
    const { location, offset, length } = data.external;
    const rest = length === undefined ? "" : `, "length": "${length}"`;
    return `["location": ${quoted(location)}, "offset": "${offset}"${rest}]`;
  }
  if (size > maxElements) return ELIDED;
  if (data.kind === "strings") return `{${data.values.map((value) => quotedBytes(value)).join(", ")}}`;
  return `{${elementTexts(dtype, tensor.bytes(), size).join(", ")}}`;
}

/** Stands for data that is left out. */
export const ELIDED = "{...}";

function elementTexts(dtype: DType, bytes: Uint8Array, size: number): string[] {
  const precision = FLOATING[dtype];
  if (precision !== undefined) {
    const text = precision === "float" ? float32Text : float64Text;
    return Array.from(decodeNumbers(precision, bytes, bytes.length / (bitsOf(precision) / 8)), text);
  }
  const bits = bitsOf(dtype);
  const integers = bits < 64 ? decodeNumbers(integerDType(dtype), bytes, size) : typedView(dtype, bytes);
  return Array.from<number | bigint, string>(integers ?? [], String);
}

/** The integer type to read elements as: small floats by their pattern. */
function integerDType(dtype: DType): DType {
  return isPattern(dtype) ? (PATTERN_DTYPES[bitsOf(dtype)] ?? "uint8") : dtype;
}
