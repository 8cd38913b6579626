import { NormfoldError } from "../base/errors.js";

/** What the operating system's error codes mean to a user, for reading and for writing. */
const REASONS: Readonly<Record<string, readonly [read: string, write: string]>> = {
  ENOENT: ["there is no such file; check the path", "the folder does not exist; create it first"],
  ENOTDIR: ["a part of the path is no folder; check it", "a part of the path is no folder; check it"],
  EISDIR: ["this is a folder; give the model file in it", "this is a folder; give a file name"],
  EACCES: ["no permission to read it", "no permission to write there; choose another place"],
  EPERM: ["no permission to read it", "no permission to write there; choose another place"],
  EROFS: ["the file system cannot be read", "the file system is read-only; choose another place"],
  ENOSPC: ["the disk is full", "the disk is full; nothing was written, free some space"],
  EDQUOT: ["the disk quota is used up", "the disk quota is used up; nothing was written"],
  EFBIG: ["the file is too large", "the file would be too large for this file system; nothing was written"],
  EMFILE: ["too many files are open; close some", "too many files are open; close some"],
  ENAMETOOLONG: ["the name is too long", "the name is too long; choose a shorter one"],
  ELOOP: ["its links go in a circle", "its links go in a circle"],
  EPIPE: ["the other end closed the pipe", "the reader closed the pipe before everything was written"],
};

/** Runs file operations on `path`, turning what the operating system refuses into NormfoldError "io". */
export function guarded<T>(path: string, doing: "read" | "write", body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw ioError(error, path, doing);
  }
}

export function ioError(error: unknown, path: string, doing: "read" | "write"): NormfoldError {
  if (error instanceof NormfoldError) return error;
  const code = codeOf(error);
  const reasons = REASONS[code];
  const reason =
    reasons?.[doing === "read" ? 0 : 1] ?? `it cannot be ${doing === "read" ? "read" : "written"}`;
  const suffix = reasons === undefined ? ` (${code || String(error)})` : "";
  return new NormfoldError("io", `${reason}${suffix}`, { file: path }, { cause: error });
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
