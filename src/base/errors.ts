/**
 * What went wrong, in the terms a caller acts on. The CLI maps a code to its exit code:
 *
 *   check        1  outputs differ beyond the tolerance; nothing was written
 *   usage        2  the call or its options make no sense
 *   invalid      3  the model (or data) is unreadable or breaks the ONNX specification
 *   unsupported  4  valid, but not something normfold or onnxruntime can do
 *   io           5  a file could not be read or written
 *   internal     70 a bug in normfold
 */
export type ErrorCode = "check" | "usage" | "invalid" | "unsupported" | "io" | "internal";

/** Where in the user's world the error is: a file, a byte offset in it, a graph element. */
export interface ErrorPlace {
  readonly file?: string;
  readonly offset?: number;
  readonly element?: string;
}

/**
 * The only error normfold throws on purpose. `message` is one line: what is wrong and, after a semicolon, what to
 * do about it. `where` says the place; `toString` and the CLI put the two together.
 */
export class NormfoldError extends Error {
  override readonly name = "NormfoldError";
  readonly code: ErrorCode;
  readonly where: ErrorPlace;

  constructor(code: ErrorCode, message: string, where: ErrorPlace = {}, options?: ErrorOptions) {
    super(oneLine(message), options);
    this.code = code;
    this.where = where;
  }

  /** The same error with more of the place filled in; what is known already stays. */
  at(where: ErrorPlace): NormfoldError {
    return new NormfoldError(this.code, this.message, { ...where, ...this.where }, { cause: this.cause });
  }

  /** `file, element, byte 12: message`, without the parts that are not known. */
  describe(): string {
    const { file, element, offset } = this.where;
    const parts = [file, element, offset === undefined ? undefined : `byte ${offset}`];
    const place = parts.filter((part) => part !== undefined && part !== "").join(", ");
    return place === "" ? this.message : `${oneLine(place)}: ${this.message}`;
  }
}

/** Names in files may hold anything: line breaks, or what a terminal takes for commands. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
