import { NormfoldError } from "../base/errors.js";
import { errors } from "./errors.js";

type Doing = "read" | "write";

/** The errors that the operating system's codes mean, for reading and for writing. */
const MEANINGS: Readonly<Record<string, Readonly<Partial<Record<Doing, () => NormfoldError>>>>> = {
  ENOENT: { read: errors.fileIsNotThere, write: errors.folderIsNotThere },
  ENOTDIR: { read: errors.pathLeadsThroughFile, write: errors.pathLeadsThroughFile },
  EISDIR: { read: errors.folderIsNotModel, write: errors.folderCannotBeOverwritten },
  EACCES: { read: errors.readingIsNotPermitted, write: errors.writingIsNotPermitted },
  EPERM: { read: errors.readingIsNotPermitted, write: errors.writingIsNotPermitted },
  EBUSY: { write: errors.fileIsBusy },
  EXDEV: { write: errors.fileIsBusy },
  EROFS: { write: errors.fileSystemIsReadOnly },
  ENOSPC: { read: errors.diskIsFull, write: errors.diskIsFull },
  EDQUOT: { read: errors.diskQuotaIsUsedUp, write: errors.diskQuotaIsUsedUp },
  EFBIG: { read: errors.fileIsTooLarge, write: errors.fileSystemLimitsSize },
  EMFILE: { read: errors.tooManyFilesAreOpen, write: errors.tooManyFilesAreOpen },
  ENAMETOOLONG: { read: errors.nameIsTooLong, write: errors.nameIsTooLong },
  ELOOP: { read: errors.linksGoInCircle, write: errors.linksGoInCircle },
  EPIPE: { read: errors.writerClosedPipe, write: errors.readerClosedPipe },
};

/** Runs file operations on `path`; an error of the operating system becomes a NormfoldError "io" that names the file. */
export function guarded<T>(path: string, doing: Doing, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw ioError(error, path, doing);
  }
}

/** An error of the operating system as a NormfoldError "io"; a NormfoldError stays as it is. */
export function ioError(error: unknown, path: string, doing: Doing): NormfoldError {
  if (error instanceof NormfoldError) return error;
  const code = codeOf(error);
  const other = doing === "read" ? errors.fileCannotBeRead : errors.fileCannotBeWritten;
  const meant = MEANINGS[code]?.[doing]?.() ?? other(code || String(error));
  return meant.at({ file: path }).because(error);
}

/** The operating system's code of an error ("ENOENT"); "" for any other. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Runs `body`, whose errors then name the file and, if given, the element in it. */
export function inFile<T>(file: string, body: () => T, element?: string): T {
  try {
    return body();
  } catch (error) {
    throw placed(error, file, element);
  }
}

/** The error with the file that it is about, unless it names one already. Only a NormfoldError can name a file. */
export function placed(error: unknown, file: string, element?: string): unknown {
  if (!(error instanceof NormfoldError)) return error;
  return error.at(element === undefined ? { file } : { file, element });
}
