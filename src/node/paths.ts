import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { errors } from "./errors.js";
import { guarded } from "./guarded.js";

/** The bytes of a file; 0 for a file that is not there. Throws NormfoldError "io". */
export function fileSize(path: string): number {
  return guarded(path, "read", () => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
}

/** Whether there is something at the path. Throws NormfoldError "io" where that cannot be found out. */
export function isThere(path: string): boolean {
  return guarded(path, "read", () => statSync(path, { throwIfNoEntry: false }) !== undefined);
}

/** True for a file; the bytes of a pipe are gone once they are read, and opening it again waits for ever. */
export function canReadAgain(path: string): boolean {
  return guarded(path, "read", () => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
}

/** Finds out before the work, not after it, that a file cannot be written. Throws NormfoldError "io". */
export function assertWritable(path: string): void {
  const present = guarded(path, "write", () => {
    accessSync(dirname(resolve(path)), constants.W_OK);
    return statSync(path, { throwIfNoEntry: false });
  });
  if (present?.isDirectory()) throw errors.folderCannotBeOverwritten().at({ file: path });
}

/** True when the two paths lead to one file, also through links. */
export function isSameFile(a: string, b: string): boolean {
  return real(a) === real(b);
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
