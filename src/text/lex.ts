import type { NormfoldError } from "../base/errors.js";
import { errors } from "./errors.js";

/** `text` is the token as it is written; for a string, the text between the quotes with escapes resolved. */
export interface Token {
  readonly kind: "id" | "string" | "int" | "float" | "symbol" | "end";
  readonly text: string;
  readonly offset: number;
}

const NUMBER = /-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?/y;
const NEGATIVE_SPECIAL = /-[A-Za-z]+/y;
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/y;
const SYMBOL = /=>|\.\.\.|[()[\]{}<>,=:.@?]/y;
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

  constructor(text: string) {
    this.#text = text;
    this.#ahead = this.#scan();
  }

  /** The next token, which stays the next. */
  peek(): Token {
    return this.#ahead;
  }

  /** Takes the next token. */
  next(): Token {
    const token = this.#ahead;
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
    return this.#ahead.kind === "string" ? this.next().text : this.unexpected(what);
  }

  /** Takes an integer literal. */
  integer(what: string): bigint {
    return this.#ahead.kind === "int" ? BigInt(this.next().text) : this.unexpected(what);
  }

  /** Takes a name, bare or quoted. */
  name(what: string): string {
    const { kind } = this.#ahead;
    return kind === "id" || kind === "string" ? this.next().text : this.unexpected(what);
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
    if (this.#text[offset] === '"') return { kind: "string", text: this.#string(), offset };
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
      if (char === "#") {
        const end = this.#text.indexOf("\n", this.#offset);
        this.#offset = end < 0 ? this.#text.length - 1 : end;
      } else if (!WHITE.includes(char)) return;
    }
  }

  /** A backslash makes the next character literal, and nothing else: "\n" is an n. */
  #string(): string {
    const start = this.#offset;
    let text = "";
    let from = start + 1;
    for (let i = from; i < this.#text.length; i++) {
      const char = this.#text[i];
      if (char === '"') {
        this.#offset = i + 1;
        return text + this.#text.slice(from, i);
      }
      if (char === "\\") {
        text += this.#text.slice(from, i);
        from = ++i;
      }
    }
    return this.fail(errors.stringIsNotClosed(), start);
  }
}

/** Reads items separated by commas and the symbol that closes the list. The symbol that opens it has been read. */
export function listUntil(lexer: Lexer, close: string, item: () => void): void {
  if (lexer.accept(close)) return;
  do item();
  while (lexer.accept(","));
  if (!lexer.accept(close)) lexer.unexpected(`"," or "${close}"`);
}
