import { kebabCase, lazyValues } from "./names.js";
import type { Refusal } from "./refusal.js";
import { visible } from "./visible.js";

/**
 * The class of an error, by how a caller can react. The CLI maps a code to its exit code:
 *
 *   check        1  outputs differ beyond the tolerance; nothing was written
 *   usage        2  the call or its options make no sense
 *   invalid      3  the model (or data) is unreadable or breaks the ONNX specification
 *   unsupported  4  valid, but not something normfold or onnxruntime can do
 *   io           5  a file could not be read or written
 *   internal     70 a bug in normfold
 */
export type ErrorCode = "check" | "usage" | "invalid" | "unsupported" | "io" | "internal";

/** The place of an error in the user's terms: a file, a byte offset in it, a graph element. */
export interface ErrorPlace {
  /** The file as the caller named it. */
  readonly file?: string;
  /** Bytes from the start of the file. */
  readonly offset?: number;
  /** The element of the graph, as in `Conv "c"`; in text, line and column. */
  readonly element?: string;
}

/** Further fields of an error, beside its code, sentence and place. */
export interface NormfoldErrorOptions extends ErrorOptions {
  /** Names the kind of error in `--json`, in tests and in docs/errors.md; the sentence may change, the id does not. */
  readonly id?: string;
}

/**
 * The only error normfold throws on purpose. `message` is one line: what is wrong and, after a semicolon, what to
 * do about it. `where` says the place; `toString` and the CLI put the two together. Inside the project errors come from
 * the catalogue of their room, which gives each its id.
 */
export class NormfoldError extends Error {
  /** Always "NormfoldError". */
  override readonly name = "NormfoldError";
  /** The class of the error, which decides the exit code. */
  readonly code: ErrorCode;
  /** The kind of error; stable, unlike the sentence. */
  readonly id: string;
  /** The place that the error is about, as far as it is known. */
  readonly where: ErrorPlace;

  /** `message` becomes one line; control characters in it are escaped. */
  constructor(code: ErrorCode, message: string, where: ErrorPlace = {}, options: NormfoldErrorOptions = {}) {
    super(oneLine(message), options);
    this.code = code;
    this.id = options.id ?? code;
    this.where = where;
  }

  /** The same error with more of the place filled in; what is known already stays. */
  at(where: ErrorPlace): NormfoldError {
    const { code, message, id, cause } = this;
    return new NormfoldError(code, message, { ...where, ...this.where }, { id, cause });
  }

  /** The same error with the error that led to it. */
  because(cause: unknown): NormfoldError {
    const { code, message, id, where } = this;
    return new NormfoldError(code, message, where, { id, cause });
  }

  /** The same error with more to say, behind what it says. */
  adding(clause: string): NormfoldError {
    const { code, message, id, where, cause } = this;
    return new NormfoldError(code, `${message}; ${clause}`, where, { id, cause });
  }

  /** `file, element, byte 12: message`, without the parts that are not known. */
  describe(): string {
    const { file, element, offset } = this.where;
    const parts = [file, element, offset === undefined ? undefined : `byte ${offset}`];
    const place = parts.filter((part) => part !== undefined && part !== "").join(", ");
    return place === "" ? this.message : `${oneLine(place)}: ${this.message}`;
  }
}

/** The code of an error and its sentence, by name; the id of the error is its name in kebab-case. */
export type ErrorSentences = Readonly<Record<string, readonly [ErrorCode, (...args: never[]) => string]>>;

/** Makes one kind of error. */
export interface ErrorKind<Args extends readonly unknown[]> {
  (...args: Args): NormfoldError;
  /** The class of the error, which decides the exit code. */
  readonly code: ErrorCode;
  /** The kind of error; stable, unlike the sentence. */
  readonly id: string;
  /** For the documentation, which prints its template. */
  readonly sentence: (...args: Args) => string;
}

/** The kinds of errors of a room, by name. */
export type ErrorCatalogue<T extends ErrorSentences> = {
  readonly [Name in keyof T]: ErrorKind<Parameters<T[Name][1]>>;
};

/**
 * The errors of one room.
 *
 *   const SENTENCES = {
 *     seedIsNotWhole: ["usage", (seed: number): string => `seed is ${seed}; give a whole number from 0 on`],
 *   } as const;
 *   export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
 *   throw errors.seedIsNotWhole(-1); // id "seed-is-not-whole"
 *   throw errors.notReadable().at({ file }).because(error);
 */
export function errorCatalogue<T extends ErrorSentences>(sentences: T): ErrorCatalogue<T> {
  return lazyValues(sentences, ([code, sentence], name) => {
    const id = kebabCase(name);
    const make = (...args: never[]): NormfoldError => new NormfoldError(code, sentence(...args), {}, { id });
    return Object.assign(make, { code, id, sentence });
  });
}

/** The refusal of something that the caller insisted on, as an error with the same id and sentence. */
export function refusalAsError(code: ErrorCode, { id, reason }: Refusal): NormfoldError {
  return new NormfoldError(code, reason, {}, { id });
}

/** An error as the refusal of something that can be left out, with the same id and sentence. */
export function errorAsRefusal({ id, message }: NormfoldError): Refusal {
  return { kind: "refusal", id, reason: message };
}

/** Names in files may hold line breaks, or escape sequences that a terminal obeys; what runtimes say has several lines. */
function oneLine(text: string): string {
  return visible(text.replace(/\s*[\n\r]\s*/g, " "));
}
