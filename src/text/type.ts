import { DTYPES, type DType } from "../ir/dtype.js";
import type { Dim, TensorType, ValueType } from "../ir/type.js";
import { errors } from "./errors.js";
import { isIdentifier, type Lexer, listUntil } from "./lex.js";
import { quoted } from "./number.js";

/** ONNX's own reader does not know "undefined", which stands for an element type that a model leaves out. */
const PRIMITIVES: ReadonlyMap<string, DType> = new Map(DTYPES.map((dtype) => [dtype, dtype]));
const CONSTRUCTORS: ReadonlySet<string> = new Set(["seq", "map", "optional", "sparse_tensor", "opaque"]);

/** True for the words that start a type; a name that is one of them is quoted. */
export function isTypeName(text: string): boolean {
  return PRIMITIVES.has(text) || CONSTRUCTORS.has(text);
}

/** True when a type is next. */
export function atType(lexer: Lexer): boolean {
  const { kind, text } = lexer.peek();
  return kind === "id" && isTypeName(text);
}

/** Reads a type. */
export function parseType(lexer: Lexer): ValueType {
  const primitive = acceptPrimitive(lexer);
  if (primitive !== undefined) return { kind: "tensor", dtype: primitive, shape: parseShape(lexer) };
  if (!atType(lexer)) lexer.unexpected("a type");
  const { text: word, offset } = lexer.next();
  lexer.expect("(");
  const type = lexer.nested(() => parseArguments(lexer, word, offset));
  lexer.expect(")");
  return type;
}

function parseArguments(lexer: Lexer, word: string, offset: number): ValueType {
  switch (word) {
    case "seq":
      return { kind: "sequence", element: parseElement(lexer) };
    case "optional":
      return { kind: "optional", element: parseElement(lexer) };
    case "sparse_tensor":
      return { kind: "sparse_tensor", dtype: parsePrimitive(lexer), shape: parseShape(lexer) };
    case "map": {
      const key = parsePrimitive(lexer);
      lexer.expect(",");
      return { kind: "map", key, value: parseElement(lexer) };
    }
    default:
      if (!lexer.at(")")) lexer.fail(errors.opaqueTypeHasName(), offset);
      return { kind: "opaque" };
  }
}

/** A type within another; `?` where a model leaves it out, which ONNX's own reader does not know. */
function parseElement(lexer: Lexer): ValueType | undefined {
  return lexer.accept("?") ? undefined : parseType(lexer);
}

function acceptPrimitive(lexer: Lexer): DType | undefined {
  const { kind, text } = lexer.peek();
  const dtype = kind === "id" ? PRIMITIVES.get(text) : undefined;
  if (dtype !== undefined) lexer.next();
  return dtype;
}

function parsePrimitive(lexer: Lexer): DType {
  return acceptPrimitive(lexer) ?? lexer.unexpected("an element type");
}

/** `float` is a scalar, `float[]` of unknown rank. */
function parseShape(lexer: Lexer): readonly Dim[] | undefined {
  if (!lexer.accept("[")) return [];
  if (lexer.accept("]")) return undefined;
  const dims: Dim[] = [];
  listUntil(lexer, "]", () => {
    dims.push(parseDim(lexer));
  });
  return dims;
}

function parseDim(lexer: Lexer): Dim {
  if (lexer.accept("?")) return undefined;
  const { kind, text, offset } = lexer.peek();
  if (kind !== "int") return lexer.name("a dimension: a size, a symbol or ?");
  const size = Number(text);
  if (!Number.isSafeInteger(size)) lexer.fail(errors.dimIsOutOfRange(text), offset);
  lexer.next();
  return size;
}

/** The type in ONNX text. */
export function typeText(type: ValueType): string {
  switch (type.kind) {
    case "tensor":
      return tensorTypeText(type);
    case "sparse_tensor":
      return `sparse_tensor(${tensorTypeText(type)})`;
    case "sequence":
      return `seq(${elementText(type.element)})`;
    case "optional":
      return `optional(${elementText(type.element)})`;
    case "map":
      return `map(${type.key}, ${elementText(type.value)})`;
    case "opaque":
      return "opaque()";
  }
}

function elementText(type: ValueType | undefined): string {
  return type === undefined ? "?" : typeText(type);
}

function tensorTypeText({ dtype, shape }: TensorType): string {
  if (shape === undefined) return `${dtype}[]`;
  return shape.length === 0 ? dtype : `${dtype}[${shape.map(dimText).join(",")}]`;
}

function dimText(dim: Dim): string {
  if (dim === undefined) return "?";
  return typeof dim === "number" || isIdentifier(dim) ? String(dim) : quoted(dim);
}
