import { DTYPES, type DType } from "../ir/dtype.js";
import type { Dim, TensorType, ValueType } from "../ir/type.js";
import { errors } from "./errors.js";
import { isIdentifier, type Lexer, listUntil } from "./lex.js";
import { quoted } from "./number.js";

const PRIMITIVES: ReadonlyMap<string, DType> = new Map(
  DTYPES.filter((dtype) => dtype !== "undefined").map((dtype) => [dtype, dtype]),
);
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
      return { kind: "sequence", element: parseType(lexer) };
    case "optional":
      return { kind: "optional", element: parseType(lexer) };
    case "sparse_tensor":
      return { kind: "sparse_tensor", dtype: parsePrimitive(lexer), shape: parseShape(lexer) };
    case "map": {
      const key = parsePrimitive(lexer);
      lexer.expect(",");
      return { kind: "map", key, value: parseType(lexer) };
    }
    default:
      if (!lexer.at(")")) lexer.fail(errors.opaqueTypeHasName(), offset);
      return { kind: "opaque" };
  }
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

/** The type in ONNX text; undefined for a type without a spelling there, because an element type is missing. */
export function typeText(type: ValueType): string | undefined {
  switch (type.kind) {
    case "tensor":
      return tensorTypeText(type);
    case "sparse_tensor":
      return wrapped("sparse_tensor", tensorTypeText(type));
    case "sequence":
      return wrapped("seq", type.element && typeText(type.element));
    case "optional":
      return wrapped("optional", type.element && typeText(type.element));
    case "map": {
      const value = type.value && typeText(type.value);
      return wrapped("map", value === undefined ? undefined : `${type.key}, ${value}`);
    }
    case "opaque":
      return "opaque()";
  }
}

function wrapped(word: string, inside: string | undefined): string | undefined {
  return inside === undefined ? undefined : `${word}(${inside})`;
}

function tensorTypeText({ dtype, shape }: TensorType): string | undefined {
  if (dtype === "undefined") return undefined;
  if (shape === undefined) return `${dtype}[]`;
  return shape.length === 0 ? dtype : `${dtype}[${shape.map(dimText).join(",")}]`;
}

function dimText(dim: Dim): string {
  if (dim === undefined) return "?";
  return typeof dim === "number" || isIdentifier(dim) ? String(dim) : quoted(dim);
}
