import { concatBytes, equalBytes } from "../base/bytes.js";
import type { NormfoldError } from "../base/errors.js";
import { type Allowance, COST } from "../proto/allowance.js";
import { errors } from "./errors.js";

/** `text` is the token as it is written; for a string, the text between the quotes with escapes resolved. */
export interface Token {
  /** The bytes of a string that holds some that are no UTF-8, which `text` shows as U+FFFD. */
  readonly bytes?: Uint8Array;
  readonly kind: "id" | "string" | "int" | "float" | "symbol" | "end";
  readonly text: string;
  readonly offset: number;
}

/** What is built of a token: an operator, an operand, a declaration or a type; a number in a list. */
const TOKEN_COST: Partial<Record<Token["kind"], number>> = {
  id: COST.operand,
  string: COST.operand,
  int: COST.entry,
  float: COST.entry,
};

const NUMBER = /-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?/y;
const NEGATIVE_SPECIAL = /-[A-Za-z]+/y;
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/y;
const SYMBOL = /=>|#:|\.\.\.|[()[\]{}<>,=:.@?]/y;
const MAX_DEPTH = 200;
const WHITE = " \t\n\v\f\r";

/** True for the spellings of infinity and NaN in ONNX text. */
export function isSpecialFloat(text: string): boolean {
  return /^-?(inf|infinity|nan)$/i.test(text);
}

/** True for a name that may stand without quotes. */
export function isIdentifier(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

/** The tokens of a text one at a time, with one token of lookahead; every error names its line and column. */
export class Lexer {
  readonly #text: string;
  #offset = 0;
  #ahead: Token;
  #depth = 0;
  readonly #allowance: Allowance | undefined;

  /** `allowance` counts what is built of the tokens. */
  constructor(text: string, allowance?: Allowance) {
    this.#text = text;
    this.#allowance = allowance;
    this.#ahead = this.#scan();
  }

  /** The next token, which stays the next. */
  peek(): Token {
    return this.#ahead;
  }

  /** Takes the next token. */
  next(): Token {
    const token = this.#ahead;
    const cost = TOKEN_COST[token.kind];
    if (cost !== undefined) this.#allowance?.take(cost + token.text.length);
    if (token.kind !== "end") this.#ahead = this.#scan();
    return token;
  }

  /** Reads a type within a type, or a graph within a graph. Limited, because hostile nesting would exhaust the stack. */
  nested<T>(read: () => T): T {
    if (this.#depth === MAX_DEPTH) this.fail(errors.textIsNestedTooDeep(MAX_DEPTH));
    this.#depth++;
    const result = read();
    this.#depth--;
    return result;
  }

  /** True when the next token is this symbol. */
  at(symbol: string): boolean {
    return this.#ahead.kind === "symbol" && this.#ahead.text === symbol;
  }

  /** True when one of the symbols comes right behind the next token. */
  isFollowedBy(...symbols: readonly string[]): boolean {
    const offset = this.#offset;
    const token = this.#scan();
    this.#offset = offset;
    return token.kind === "symbol" && symbols.includes(token.text);
  }

  /** Takes the symbol if it is next. */
  accept(symbol: string): boolean {
    if (!this.at(symbol)) return false;
    this.next();
    return true;
  }

  /** Takes the symbol, which must be next. */
  expect(symbol: string): void {
    if (!this.accept(symbol)) this.unexpected(`"${symbol}"`);
  }

  /** Takes a string literal. */
  string(what: string): string {
    return this.#ahead.kind === "string" ? this.#nextText() : this.unexpected(what);
  }

  /** Takes a string literal that may hold any bytes. */
  bytes(what: string): Uint8Array {
    if (this.#ahead.kind !== "string") this.unexpected(what);
    const { text, bytes } = this.next();
    return bytes ?? utf8.encode(text);
  }

  /** Takes an integer literal. */
  integer(what: string): bigint {
    return this.#ahead.kind === "int" ? BigInt(this.next().text) : this.unexpected(what);
  }

  /** Takes a name, bare or quoted. */
  name(what: string): string {
    const { kind } = this.#ahead;
    return kind === "id" || kind === "string" ? this.#nextText() : this.unexpected(what);
  }

  #nextText(): string {
    const { text, bytes, offset } = this.next();
    return bytes === undefined ? text : this.fail(errors.nameHoldsOtherBytes(), offset);
  }

  /** Throws "invalid" for the next token, where the syntax requires something else. */
  unexpected(wanted: string): never {
    const { kind, text } = this.#ahead;
    const found =
      kind === "end" ? "the end of the text" : kind === "string" ? `string "${text}"` : `"${text}"`;
    this.fail(errors.tokenIsUnexpected(wanted, found));
  }

  /** Throws the error with the line and column of an offset, by default that of the next token. */
  fail(error: NormfoldError, offset: number = this.#ahead.offset): never {
    const before = this.#text.slice(0, offset);
    const line = before.split("\n").length;
    const column = offset - before.lastIndexOf("\n");
    throw error.at({ element: `line ${line}, column ${column}` });
  }

  #scan(): Token {
    this.#skipBlanks();
    const offset = this.#offset;
    if (offset >= this.#text.length) return { kind: "end", text: "", offset };
    if (this.#text[offset] === '"') return { kind: "string", ...this.#string(), offset };
    const id = this.#match(IDENTIFIER);
    if (id !== undefined) return { kind: "id", text: id, offset };
    const number = this.#match(NUMBER);
    if (number !== undefined)
      return { kind: /^-?[0-9]+$/.test(number) ? "int" : "float", text: number, offset };
    const special = this.#match(NEGATIVE_SPECIAL);
    if (special !== undefined && isSpecialFloat(special)) return { kind: "float", text: special, offset };
    const symbol = this.#match(SYMBOL);
    if (symbol !== undefined) return { kind: "symbol", text: symbol, offset };
    const found = special ?? String.fromCodePoint(this.#text.codePointAt(offset) ?? 0);
    return this.fail(errors.characterCannotStandHere(found), offset);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const text = pattern.exec(this.#text)?.[0];
    if (text !== undefined) this.#offset += text.length;
    return text;
  }

  #skipBlanks(): void {
    for (; this.#offset < this.#text.length; this.#offset++) {
      const char = this.#text[this.#offset] ?? "";
      if (char === "#" && this.#text[this.#offset + 1] !== ":") {
        const end = this.#text.indexOf("\n", this.#offset);
        this.#offset = end < 0 ? this.#text.length - 1 : end;
      } else if (!WHITE.includes(char)) return;
    }
  }

  /**
   * A backslash makes the next character literal, as ONNX's own reader has it. Beyond that "\n", "\t", "\r", "\u202e",
   * "\u{1f600}" and "\x9b" (a byte) stand for what print does not write as it is.
   */
  #string(): Pick<Token, "text" | "bytes"> {
    const start = this.#offset;
    const parts: (string | Uint8Array)[] = [];
    for (let from = start + 1; ; ) {
      STRING_END.lastIndex = from;
      const at = STRING_END.exec(this.#text)?.index;
      if (at === undefined) return this.fail(errors.stringIsNotClosed(), start);
      parts.push(this.#text.slice(from, at));
      if (this.#text[at] === '"') {
        this.#offset = at + 1;
        return joined(parts);
      }
      ESCAPE.lastIndex = at;
      const found = ESCAPE.exec(this.#text);
      if (found === null) return this.fail(errors.escapeIsUnknown(this.#text.slice(at, at + 6)), at);
      parts.push(meaningOf(found));
      from = ESCAPE.lastIndex;
    }
  }
}

const utf8 = new TextEncoder();
const STRING_END = /["\\]/g;
const ESCAPE =
  /\\(?:u([0-9a-fA-F]{4})|u\{(0*(?:10|[0-9a-fA-F])?[0-9a-fA-F]{1,4})\}|x([0-9a-fA-F]{2})|([ntr])|([^uxntr]))/suy;
const CONTROLS: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

function meaningOf([, unit, point, byte, control, literal]: readonly string[]): string | Uint8Array {
  if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
  if (unit !== undefined) return String.fromCharCode(Number.parseInt(unit, 16));
  if (point !== undefined) return String.fromCodePoint(Number.parseInt(point, 16));
  return control === undefined ? (literal ?? "") : (CONTROLS[control] ?? "");
}

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes that are UTF-8 after all are text. */
function joined(parts: readonly (string | Uint8Array)[]): Pick<Token, "text" | "bytes"> {
  const texts = parts.filter((part) => typeof part === "string");
  if (texts.length === parts.length) return { text: texts.join("") };
  const bytes = concatBytes(parts.map((part) => (typeof part === "string" ? utf8.encode(part) : part)));
  const text = lenient.decode(bytes);
  return equalBytes(utf8.encode(text), bytes) ? { text } : { text, bytes };
}

/** Reads items separated by commas and the symbol that closes the list. The symbol that opens it has been read. */
export function listUntil(lexer: Lexer, close: string, item: () => void): void {
  if (lexer.accept(close)) return;
  do item();
  while (lexer.accept(","));
  if (!lexer.accept(close)) lexer.unexpected(`"," or "${close}"`);
}
