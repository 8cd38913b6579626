import { type ErrorCode, type ErrorPlace, NormfoldError } from "./errors.js";

/** An error as data, on its way to another process. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly id: string;
  readonly message: string;
  readonly where: ErrorPlace;
}

/** An error as data; one that is no NormfoldError is a bug. */
export function packError(error: unknown): ErrorRecord {
  if (error instanceof NormfoldError) {
    const { code, id, message, where } = error;
    return { code, id, message, where };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: "internal", id: "internal", message, where: {} };
}

/** The error that was sent. */
export function unpackError({ code, id, message, where }: ErrorRecord): NormfoldError {
  return new NormfoldError(code, message, where, { id });
}
