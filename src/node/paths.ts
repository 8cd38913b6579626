import { accessSync, constants, readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { errors } from "./errors.js";
import { codeOf, guarded, ioError } from "./guarded.js";

/** The argument that stands for standard input or output. */
export const STANDARD = "-";

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
  const present = guarded(path, "write", () => statSync(path, { throwIfNoEntry: false }));
  if (present === undefined || present.isFile() || present.isDirectory()) assertReplaceable(path);
  else guarded(path, "write", () => accessSync(path, constants.W_OK));
}

/**
 * A file is replaced by a new one that takes its name, and never written over, because then it would be neither the old nor
 * the new one for a while. Throws NormfoldError "io" where the system will not have that: the folder takes no new files, the path
 * is a folder or a mount point (a single file that was mounted into a container), or another user's file in a sticky folder.
 */
export function assertReplaceable(path: string): void {
  const present = guarded(path, "write", () => statSync(path, { throwIfNoEntry: false }));
  if (present?.isDirectory()) throw errors.folderCannotBeOverwritten().at({ file: path });
  const target = present === undefined ? resolve(path) : realPath(path);
  const folder = guarded(path, "write", () => statSync(dirname(target)));
  try {
    accessSync(dirname(target), constants.W_OK | constants.X_OK);
  } catch (error) {
    if (present === undefined || codeOf(error) !== "EACCES") throw ioError(error, path, "write");
    throw errors.folderTakesNoFiles().at({ file: path }).because(error);
  }
  if (present === undefined) return;
  if (isMountPoint(target)) throw errors.fileIsMountPoint().at({ file: path });
  if (isStickyFor(folder, present)) throw errors.fileIsAnotherUsers().at({ file: path });
}

const STICKY = 0o1000;

/** In a sticky folder, as /tmp, only the owners of the folder and of the file may replace it. */
function isStickyFor(folder: Stats, file: Stats): boolean {
  const user = process.geteuid?.() ?? 0;
  return (folder.mode & STICKY) !== 0 && user !== 0 && user !== folder.uid && user !== file.uid;
}

/** A mounted file cannot be replaced. Only Linux lists them; elsewhere the replacement itself fails, with nothing changed. */
function isMountPoint(real: string): boolean {
  let table: string;
  try {
    table = readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return false;
  }
  // The fifth field is the place; blanks and backslashes in it are octal.
  const place = real.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);
  return table.split("\n").some((line) => line.split(" ")[4] === place);
}

/** True when the two paths lead to one file: through links, by two names of it, or where case does not count. */
export function isSameFile(a: string, b: string): boolean {
  const [one, other] = [identityOf(a), identityOf(b)];
  return one === undefined || other === undefined ? realPath(a) === realPath(b) : one === other;
}

/** True for something that is there, in the folder or in one below it. */
export function isInFolder(path: string, folder: string): boolean {
  const way = relative(realPath(folder), realPath(path));
  return isThere(path) && way !== "" && way.split(sep)[0] !== ".." && !isAbsolute(way);
}

/** What all names of a file have in common; undefined where there is no file. Numbers of files may need more than 53 bits. */
export function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** An absolute path in its plain form, as `resolve` gives it; faster for the many paths that are plain already. */
export function absolutePath(path: string): string {
  if (sep !== "/" || UNPLAIN.test(path.startsWith("/") ? path.slice(1) : path)) return resolve(path);
  return path.startsWith("/") ? path : `${process.cwd()}/${path}`;
}

const UNPLAIN = /(?:^|\/)\.{0,2}(?:\/|$)/;

/** The path without links; of a file that is not there, in the real folder. */
export function realPath(path: string): string {
  for (const [known, rest] of [
    [path, ""],
    [dirname(resolve(path)), basename(path)],
  ] as const) {
    try {
      return join(realpathSync(known), rest);
    } catch {
      // There is nothing of that name.
    }
  }
  return resolve(path);
}

/** The path that a caller gave as text or as a URL. */
export function pathOf(file: string | URL): string {
  if (typeof file === "string") {
    if (file === "") throw errors.fileNameIsEmpty();
    return file;
  }
  if (file.protocol === "file:") return fileURLToPath(file);
  throw errors.urlIsNotFile(file.href);
}
