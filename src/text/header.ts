import { fromBase64, toBase64 } from "../base/base64.js";
import type { MetadataEntry } from "../ir/graph.js";
import type { OpsetImport } from "../ir/model.js";
import { errors } from "./errors.js";
import { type Lexer, listUntil } from "./lex.js";
import { quoted } from "./number.js";

/** How the value behind each key is written. */
const FORMS = {
  ir_version: "integer",
  model_version: "integer",
  opset_import: "imports",
  producer_name: "string",
  producer_version: "string",
  domain: "string",
  overload: "string",
  doc_string: "string",
  tensor_doc_string: "string",
  metadata_props: "pairs",
  quant_parameters: "pairs",
  // Messages that the syntax has no words for, in base64.
  training_info: "messages",
  unknown: "message",
  type: "message",
  wire: "message",
} as const;

export type HeaderKey = keyof typeof FORMS;

/** What `<key: value, ...>` says, in front of a model or function, or in a note. */
export interface Header {
  readonly integers: ReadonlyMap<string, bigint>;
  readonly strings: ReadonlyMap<string, string>;
  readonly messages: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly pairs: ReadonlyMap<string, readonly MetadataEntry[]>;
  /** undefined where they are not said. */
  readonly opsetImports: readonly OpsetImport[] | undefined;
}

/** Reads `<key: value, ...>` with some of these keys. */
export function parseHeader(lexer: Lexer, keys: readonly HeaderKey[]): Header {
  const integers = new Map<string, bigint>();
  const strings = new Map<string, string>();
  const messages = new Map<string, Uint8Array[]>();
  const pairs = new Map<string, MetadataEntry[]>();
  let opsetImports: OpsetImport[] | undefined;
  lexer.expect("<");
  listUntil(lexer, ">", () => {
    const found = lexer.peek();
    const key = keys.find((each) => found.kind === "id" && each === found.text);
    if (key === undefined) return lexer.unexpected(`one of ${keys.join(", ")}`);
    lexer.next();
    lexer.expect(":");
    const form = FORMS[key];
    if (form === "integer") integers.set(key, lexer.integer("a version number"));
    else if (form === "string") strings.set(key, lexer.string("a quoted string"));
    else if (form === "message") messages.set(key, [parseMessage(lexer)]);
    else if (form === "messages")
      messages.set(
        key,
        listOf(lexer, () => parseMessage(lexer)),
      );
    else if (form === "pairs") {
      pairs.set(
        key,
        listOf(lexer, () => parsePair(lexer)),
      );
    } else opsetImports = listOf(lexer, () => parseImport(lexer));
  });
  return { integers, strings, messages, pairs, opsetImports };
}

function listOf<T>(lexer: Lexer, item: () => T): T[] {
  const items: T[] = [];
  lexer.expect("[");
  listUntil(lexer, "]", () => {
    items.push(item());
  });
  return items;
}

function parsePair(lexer: Lexer): MetadataEntry {
  const key = lexer.string("a quoted key");
  lexer.expect(":");
  return { key, value: lexer.string("a quoted value") };
}

function parseImport(lexer: Lexer): OpsetImport {
  const domain = lexer.string('a quoted domain, as in "" : 17');
  lexer.expect(":");
  const { text, offset } = lexer.peek();
  const version = Number(lexer.integer("an opset version"));
  if (!Number.isSafeInteger(version)) lexer.fail(errors.integerIsTooLarge(text), offset);
  return { domain, version };
}

function parseMessage(lexer: Lexer): Uint8Array {
  const { offset } = lexer.peek();
  return fromBase64(lexer.string("a message in base64")) ?? lexer.fail(errors.messageIsNotBase64(), offset);
}

/** A key and its value as text; undefined where there is nothing to say. */
export type HeaderEntry = readonly [key: HeaderKey, value: string | undefined];

/** The entries that say something, `key: value` each. */
export function entryTexts(entries: readonly HeaderEntry[]): string[] {
  return entries.flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${value}`]));
}

export function headerText(entries: readonly HeaderEntry[]): string {
  return `<\n${entryTexts(entries)
    .map((text) => `  ${text}`)
    .join(",\n")}\n>`;
}

export function importsText(imports: readonly OpsetImport[]): string {
  return `[${imports.map(({ domain, version }) => `${quoted(domain ?? "")} : ${version}`).join(", ")}]`;
}

export function optionalQuoted(text: string | undefined): string | undefined {
  return text === undefined ? undefined : quoted(text);
}

/** Pairs of texts; undefined for none. */
export function pairsText(entries: readonly MetadataEntry[] | undefined): string | undefined {
  if (entries === undefined || entries.length === 0) return undefined;
  return `[${entries.map(({ key, value }) => `${quoted(key)} : ${quoted(value)}`).join(", ")}]`;
}

export function messageText(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : `"${toBase64(bytes)}"`;
}
