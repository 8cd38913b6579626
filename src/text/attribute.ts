import type { Attribute, AttributeKind, AttributePayload } from "../ir/attribute.js";
import { errors as irErrors } from "../ir/errors.js";
import type { Graph } from "../ir/graph.js";
import { Tensor } from "../ir/tensor.js";
import { errors } from "./errors.js";
import { isSpecialFloat, type Lexer, listUntil } from "./lex.js";
import { parseFloatLiteral, parseTensorData } from "./tensor.js";
import { atType, parseType } from "./type.js";

/** Reads the graph that an attribute holds. Given by the caller, who knows which names are visible in it. */
export type GraphParser = () => Graph;

/** The kinds under the names of the textual syntax. */
const KINDS: ReadonlyMap<string, AttributeKind> = new Map<string, AttributeKind>([
  ["float", "float"],
  ["int", "int"],
  ["string", "string"],
  ["tensor", "tensor"],
  ["graph", "graph"],
  ["sparse_tensor", "sparse_tensor"],
  ["type_proto", "type"],
  ["floats", "floats"],
  ["ints", "ints"],
  ["strings", "strings"],
  ["tensors", "tensors"],
  ["graphs", "graphs"],
  ["sparse_tensors", "sparse_tensors"],
  ["type_protos", "types"],
]);

/** How the textual syntax spells an attribute kind. */
export function kindText(kind: AttributeKind): string {
  return kind === "type" ? "type_proto" : kind === "types" ? "type_protos" : kind;
}

/** Reads `<name: kind = value, ...>`, or nothing. */
export function parseAttributes(lexer: Lexer, parseGraph: GraphParser): readonly Attribute[] {
  const attributes = new Map<string, Attribute>();
  if (!lexer.accept("<")) return [];
  listUntil(lexer, ">", () => {
    const { offset } = lexer.peek();
    const name = lexer.name("the name of an attribute");
    if (attributes.has(name)) lexer.fail(irErrors.attributeIsGivenTwice(name), offset);
    attributes.set(name, parseAttribute(lexer, name, parseGraph));
  });
  return [...attributes.values()];
}

/** Reads `: kind = value` behind the name. The kind is optional where the value shows it. */
export function parseAttribute(lexer: Lexer, name: string, parseGraph: GraphParser): Attribute {
  const wanted = lexer.accept(":") ? parseKind(lexer) : undefined;
  lexer.expect("=");
  const { offset } = lexer.peek();
  if (lexer.accept("@")) {
    if (wanted === undefined) lexer.fail(errors.referenceNeedsKind(name), offset);
    return { name, kind: "ref", ref: lexer.name("the name of a function attribute"), type: wanted };
  }
  const payload = lexer.accept("[")
    ? parseList(lexer, wanted, parseGraph, offset)
    : parseSingle(lexer, wanted === "float", parseGraph);
  if (wanted !== undefined && payload.kind !== wanted) {
    lexer.fail(errors.attributeValueIsOfOtherKind(name, kindText(wanted)), offset);
  }
  return { name, ...payload };
}

function parseKind(lexer: Lexer): AttributeKind {
  const { kind, text } = lexer.peek();
  const found = kind === "id" ? KINDS.get(text) : undefined;
  if (found === undefined) return lexer.unexpected(`an attribute kind (${[...KINDS.keys()].join(", ")})`);
  lexer.next();
  return found;
}

type Single = Extract<AttributePayload, { kind: "float" | "int" | "string" | "tensor" | "graph" | "type" }>;

function parseSingle(lexer: Lexer, wantsFloat: boolean, parseGraph: GraphParser): Single {
  if (atType(lexer)) return parseTypeOrTensor(lexer);
  const { kind, text, offset } = lexer.peek();
  switch (kind) {
    case "int": {
      if (wantsFloat) return { kind: "float", value: parseFloatLiteral(lexer, "float") };
      const value = lexer.integer("an integer");
      if (BigInt.asIntN(64, value) !== value) lexer.fail(errors.integerIsTooLarge(text), offset);
      return { kind: "int", value };
    }
    case "float":
      return { kind: "float", value: parseFloatLiteral(lexer, "float") };
    case "id":
      if (isSpecialFloat(text)) return { kind: "float", value: parseFloatLiteral(lexer, "float") };
      return { kind: "graph", value: parseGraph() };
    case "string":
      return parseStringOrGraph(lexer, parseGraph);
    default:
      return lexer.unexpected("the value of an attribute");
  }
}

/** A graph may have a quoted name. The token behind the name tells it from a string. */
function parseStringOrGraph(lexer: Lexer, parseGraph: GraphParser): Single {
  if (lexer.isFollowedBy("(", "=>")) return { kind: "graph", value: parseGraph() };
  return { kind: "string", value: lexer.bytes("a string") };
}

function parseTypeOrTensor(lexer: Lexer): Single {
  const type = parseType(lexer);
  const { kind } = lexer.peek();
  const name = kind === "id" || kind === "string" ? lexer.name("a name") : undefined;
  const isTensor = lexer.accept("=") || name !== undefined || lexer.at("{");
  if (!isTensor) return { kind: "type", value: type };
  return { kind: "tensor", value: parseTensorData(lexer, type, { name }) };
}

/** Reads a tensor with its type, as in `float[2] {1, 2}`; `name` is its name where none is written. */
export function parseTypedTensor(lexer: Lexer, name: string | undefined): Tensor {
  const { offset } = lexer.peek();
  const found = parseTypeOrTensor(lexer);
  if (found.kind !== "tensor") return lexer.fail(errors.dataNeedsTensorType(), offset);
  const { dtype, dims, data, meta } = found.value;
  return new Tensor(dtype, dims, data, { ...meta, name: meta.name ?? name });
}

function parseList(
  lexer: Lexer,
  wanted: AttributeKind | undefined,
  parseGraph: GraphParser,
  offset: number,
): AttributePayload {
  const items: Single[] = [];
  listUntil(lexer, "]", () => {
    items.push(parseSingle(lexer, wanted === "floats", parseGraph));
  });
  const kind = items[0] === undefined ? wanted : PLURAL[items[0].kind];
  if (kind === undefined) return lexer.fail(errors.emptyListNeedsKind(), offset);
  const list = listOf(kind, items);
  return list ?? lexer.fail(errors.listItemsAreOfSeveralKinds(), offset);
}

const PLURAL: Readonly<Record<Single["kind"], AttributeKind>> = {
  float: "floats",
  int: "ints",
  string: "strings",
  tensor: "tensors",
  graph: "graphs",
  type: "types",
};

function listOf(kind: AttributeKind, items: readonly Single[]): AttributePayload | undefined {
  switch (kind) {
    case "floats": {
      const found = allOf(items, "float");
      return found && { kind, value: found.map((item) => item.value) };
    }
    case "ints": {
      const found = allOf(items, "int");
      return found && { kind, value: found.map((item) => item.value) };
    }
    case "strings": {
      const found = allOf(items, "string");
      return found && { kind, value: found.map((item) => item.value) };
    }
    case "tensors": {
      const found = allOf(items, "tensor");
      return found && { kind, value: found.map((item) => item.value) };
    }
    case "graphs": {
      const found = allOf(items, "graph");
      return found && { kind, value: found.map((item) => item.value) };
    }
    case "types": {
      const found = allOf(items, "type");
      return found && { kind, value: found.map((item) => item.value) };
    }
    default:
      return undefined;
  }
}

type Of<K extends Single["kind"]> = Extract<Single, { readonly kind: K }>;

/** The items, if all of them are of the kind. */
function allOf<K extends Single["kind"]>(items: readonly Single[], kind: K): readonly Of<K>[] | undefined {
  const matching = items.filter((item): item is Of<K> => item.kind === kind);
  return matching.length === items.length ? matching : undefined;
}
