import { createHash } from "node:crypto";
import { type BigIntStats, lstatSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { EncodedFile } from "../proto/encode.js";
import { defaultLocation, isSubstituteFor, locationsFor } from "./data-names.js";
import { errors } from "./errors.js";
import { type FileSystem, fileSystem } from "./file-system.js";
import { codeOf, guarded, ioError } from "./guarded.js";
import { identityOf, realPath } from "./paths.js";
import { reads } from "./readers.js";
import { FileSource, openSource } from "./source.js";
import { releaseTemporary, temporaryName, trackTemporary } from "./temporary.js";
import { keepNames, removeStaged, type WriteOptions, writeTemporary } from "./write.js";

/** A data file that has its name, which no model reads yet. */
export interface StagedData {
  /** Its name in the model's folder. */
  readonly location: string;
  readonly path: string;
  readonly bytes: number;
  /** The model that reads it has its name now. */
  keep(): void;
  /** Removes it. */
  discard(): void;
}

/**
 * Writes the data file of the model that is about to be written to `modelPath`, so that until that model has its name nothing
 * changes for the model that has the name now:
 *
 * - a file of the wanted name with the same bytes is used as it is;
 * - a file that a model in the folder reads stays, and so does one with other names or links; the new one gets another name
 *   (`locationsFor`);
 * - another file of that name is replaced.
 *
 * While the model is being written the file has a second, temporary name. Other processes leave alone a file with two names.
 */
export async function stageData(
  file: EncodedFile & { readonly location: string },
  modelPath: string,
  options: WriteOptions,
): Promise<StagedData> {
  const { system = fileSystem, fsync = true } = options;
  const folder = dirname(modelPath);
  const wanted = join(folder, file.location);
  const present = lstatIfThere(wanted);
  if (present?.isDirectory()) throw errors.folderCannotBeOverwritten().at({ file: wanted });
  const home = realPath(dirname(wanted));
  const temporary = await writeTemporary(file, wanted, home, { ...options, fsync });
  try {
    // Another process may have taken the wanted name while the bytes were written.
    for (const location of locationsFor(file.location, () => digestOf(temporary))) {
      const path = join(folder, location);
      const claimed = guarded(path, "write", () => claim(system, temporary, path, folder));
      if (claimed === undefined) continue;
      // Before the model's name, the disk has the name of its data.
      if (fsync) keepNames(system, home);
      return { location, path, bytes: file.byteLength, ...claimed };
    }
  } catch (error) {
    removeStaged(system, temporary);
    throw error;
  }
  removeStaged(system, temporary);
  throw errors.dataNamesAreTaken().at({ file: wanted });
}

type Claim = Pick<StagedData, "keep" | "discard">;

/** Gives the file that is called `temporary` the name `path`, or takes the equal file that has it; undefined where neither may be. */
function claim(system: FileSystem, temporary: string, path: string, folder: string): Claim | undefined {
  if (addName(system, temporary, path)) return claimed(system, temporary, path);
  const held = holdEqual(system, temporary, path);
  if (held !== undefined) return held;
  if (!isUnread(path, [folder, dirname(path)])) return undefined;
  isDone(() => system.unlink(path), GONE);
  return addName(system, temporary, path) ? claimed(system, temporary, path) : undefined;
}

function claimed(system: FileSystem, temporary: string, path: string): Claim {
  trackTemporary(path);
  return {
    keep: () => {
      releaseTemporary(path);
      removeStaged(system, temporary);
    },
    discard: () => {
      removeStaged(system, path);
      removeStaged(system, temporary);
    },
  };
}

/** File systems without second names for a file. */
const NO_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
  "EINVAL",
]);

/** Another process has removed it meanwhile. */
const GONE: ReadonlySet<string> = new Set(["ENOENT"]);

const HAS_NO_SECOND_NAME: ReadonlySet<string> = new Set([...NO_LINKS, "EXDEV", "ENOENT"]);

/** False where the name is taken. */
function addName(system: FileSystem, temporary: string, path: string): boolean {
  try {
    system.link(temporary, path);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === "EEXIST") return false;
    if (!NO_LINKS.has(code)) throw error;
    if (lstatIfThere(path) !== undefined) return false;
    system.rename(temporary, path);
    return true;
  }
}

/**
 * Keeps the file at `path`, if it has the same bytes, from being removed by others while the model is being written: it gets a
 * second name first, and is compared under that.
 */
function holdEqual(system: FileSystem, temporary: string, path: string): Claim | undefined {
  if (lstatIfThere(path)?.size !== lstatIfThere(temporary)?.size) return undefined;
  const hold = temporaryName(dirname(temporary));
  const isHeld = isDone(() => system.link(path, hold), HAS_NO_SECOND_NAME);
  if (isHeld) trackTemporary(hold);
  const release = (): void => {
    if (isHeld) removeStaged(system, hold);
    removeStaged(system, temporary);
  };
  const isEqual = hasSameBytes(temporary, isHeld ? hold : path);
  if (isEqual && (!isHeld || identityOf(hold) === identityOf(path)))
    return { keep: release, discard: release };
  if (isHeld) removeStaged(system, hold);
  return undefined;
}

/** False where the call failed with one of these codes. */
function isDone(call: () => void, codes: ReadonlySet<string>): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (codes.has(codeOf(error))) return false;
    throw error;
  }
}

const PIECE = 2 ** 20;

/** The SHA-256 of a file's bytes, as hexadecimal digits. */
function digestOf(path: string): string {
  const hash = createHash("sha256");
  const source = openSource(path);
  try {
    for (let at = 0; at < source.size; at += PIECE)
      hash.update(source.read(at, Math.min(PIECE, source.size - at)));
  } finally {
    if (source instanceof FileSource) source.close();
  }
  return hash.digest("hex");
}

function hasSameBytes(one: string, other: string): boolean {
  const opened: FileSource[] = [];
  try {
    for (const path of [one, other]) {
      if (!lstatIfThere(realPath(path))?.isFile()) return false;
      const source = openSource(path);
      if (!(source instanceof FileSource)) return false;
      opened.push(source);
    }
    const [a, b] = opened;
    if (a === undefined || b === undefined || a.size !== b.size) return false;
    for (let at = 0; at < a.size; at += PIECE) {
      const length = Math.min(PIECE, a.size - at);
      if (Buffer.compare(a.read(at, length), b.read(at, length)) !== 0) return false;
    }
    return true;
  } catch {
    // It cannot be read, so that nothing is known of it.
    return false;
  } finally {
    for (const source of opened) source.close();
  }
}

/** The data files that may be left over once a model is written to `modelPath`. */
export interface FormerData {
  /** Removes those that nothing reads any more, and gives the paths of those that had better be looked at by their owner. */
  removeUnread(written: string | undefined): readonly string[];
}

/**
 * Looks up, before the model is replaced, which data files bear its name: the one that its present version reads, and those that
 * killed processes left. `location` is the name that its data file was asked to have.
 */
export function formerData(
  modelPath: string,
  location: string = defaultLocation(modelPath),
  system: FileSystem = fileSystem,
): FormerData {
  const folder = dirname(resolve(modelPath));
  const wanted = join(folder, location);
  const home = dirname(wanted);
  const plain = lstatIfThere(wanted) === undefined ? [] : [wanted];
  const substitutes = namesIn(home).filter((name) => isSubstituteFor(name, basename(location)));
  const isRead = plain.length > 0 && reads(modelPath, wanted);
  return {
    removeUnread: (written) => {
      const left: string[] = [];
      for (const path of [...plain, ...substitutes.map((name) => join(home, name))]) {
        if (written !== undefined && resolve(written) === path) continue;
        if (!isUnread(path, [folder, home])) continue;
        // A file that the model did not read may be anything; one with the digits of its bytes in its name is ours.
        if (path === wanted && !isRead) left.push(path);
        else removeStaged(system, path);
      }
      return left;
    },
  };
}

/**
 * True for a file with one name only that no model in these folders reads. Also false where another process has given it a second
 * name, or taken one away, meanwhile: that changes its time.
 */
function isUnread(path: string, folders: readonly string[]): boolean {
  const before = lstatIfThere(path);
  if (before === undefined || !before.isFile() || before.nlink !== 1n) return false;
  for (const folder of new Set(folders.map((each) => resolve(each)))) {
    for (const name of namesIn(folder)) {
      const other = join(folder, name);
      if (other !== path && reads(other, path)) return false;
    }
  }
  const after = lstatIfThere(path);
  return after?.nlink === 1n && after.ino === before.ino && after.ctimeNs === before.ctimeNs;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function lstatIfThere(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    // There is nothing of a name that cannot be; that it cannot shows where the file is made.
    if (codeOf(error) === "ENAMETOOLONG") return undefined;
    throw ioError(error, path, "write");
  }
}
