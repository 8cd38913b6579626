import { type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { readInto } from "../base/bytes.js";
import type { EncodedFile } from "../proto/encode.js";
import { type FileSystem, fileSystem } from "./file-system.js";
import { codeOf, guarded, ioError } from "./guarded.js";
import { assertReplaceable, realPath } from "./paths.js";
import { releaseTemporary, temporaryName, trackTemporary } from "./temporary.js";

/** Bytes of a piece: small enough to stay in the processor's cache between being read, scaled and written. */
const COPY = 2 ** 20;

/**
 * Writes all bytes of `file` through `put`. While one piece is being put, the next is read and computed into a second
 * buffer, so `put` may keep its argument until it has resolved.
 */
export async function stream(
  file: EncodedFile,
  put: (bytes: Uint8Array) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const size = Math.max(1, Math.min(COPY, file.byteLength));
  let filling = new Uint8Array(size);
  let resting = new Uint8Array(size);
  let held = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    if (held === 0) return;
    await writing;
    signal?.throwIfAborted();
    writing = put(filling.subarray(0, held));
    // The next await throws a failure; until then it must not count as unhandled.
    writing.catch(() => {});
    [filling, resting] = [resting, filling];
    held = 0;
  };
  try {
    for (const chunk of file.chunks()) {
      // A long chunk starts at the head of a buffer, so that its elements stay aligned in every piece.
      if (chunk.length >= size) await flush();
      for (let done = 0; done < chunk.length; ) {
        const take = Math.min(size - held, chunk.length - done);
        const target = filling.subarray(held, held + take);
        if (chunk instanceof Uint8Array) target.set(chunk.subarray(done, done + take));
        else readInto(chunk.source, target, chunk.offset + done);
        held += take;
        done += take;
        if (held === size) await flush();
      }
    }
    await flush();
  } finally {
    // The file must not be closed while a write is still going on.
    await writing;
  }
}

/** How files are written. */
export interface WriteOptions {
  /**
   * Wait until the disk has the bytes before the file gets its name, so that a power cut leaves the old file or the new one.
   * Default: where there is something to lose, which is a file of that name, or a model whose data is in another file.
   */
  readonly fsync?: boolean;
  readonly signal?: AbortSignal;
  /** The calls by which the file is written (default: those of the machine). */
  readonly system?: FileSystem;
}

/** A file that is whole and has a temporary name. */
export interface StagedFile {
  /** Its path, as the caller gave it. */
  readonly path: string;
  readonly bytes: number;
  /** Gives the file its name, at once: a reader of that name sees the old file or the new one, and never a part. */
  commit(): void;
  /** Removes the file. */
  discard(): void;
}

/**
 * Writes `file` beside `path` under a temporary name; `commit` gives it the name. Where `path` is a link, the file that it leads to
 * is replaced. Devices and pipes are written directly. Throws NormfoldError "io", before anything is written where that can be seen:
 * a folder, a mount point, another user's file in a sticky folder.
 */
export async function stageFile(
  file: EncodedFile,
  path: string,
  options: WriteOptions = {},
): Promise<StagedFile> {
  const present = statIfThere(path);
  const { system = fileSystem, fsync = present !== undefined } = options;
  if (present !== undefined && !present.isFile() && !present.isDirectory())
    return writeDirectly(file, path, options);
  assertReplaceable(path);
  const target = present === undefined ? path : realPath(path);
  const temporary = await writeTemporary(file, path, dirname(target), { ...options, fsync, present });
  return {
    path,
    bytes: file.byteLength,
    commit: () => {
      guarded(path, "write", () => system.rename(temporary, target));
      releaseTemporary(temporary);
      if (fsync) keepNames(system, dirname(target));
    },
    discard: () => removeStaged(system, temporary),
  };
}

/**
 * Writes `file` into `folder` under a temporary name, and gives its path; errors name `path`, for which it is meant. Nothing is
 * left after an error. `present` is the file whose mode it gets.
 */
export async function writeTemporary(
  file: EncodedFile,
  path: string,
  folder: string,
  {
    present,
    system = fileSystem,
    fsync = false,
    signal,
  }: WriteOptions & { readonly present?: Stats | undefined },
): Promise<string> {
  // Not named after the target, whose name may be as long as names can be.
  const temporary = temporaryName(folder);
  const descriptor = guarded(path, "write", () => system.open(temporary, "wx"));
  trackTemporary(temporary);
  try {
    await closing(system, descriptor, path, async () => {
      if (present !== undefined) guarded(path, "write", () => keepMode(system, descriptor, present));
      await stream(file, (bytes) => writeAll(system, descriptor, path, bytes), signal);
      if (fsync) await ofSystem(path, () => system.fsync(descriptor));
    });
  } catch (error) {
    removeStaged(system, temporary);
    throw error;
  }
  return temporary;
}

/** Runs `body` and closes the file, whose last write errors may show only then. */
async function closing(
  system: FileSystem,
  descriptor: number,
  path: string,
  body: () => Promise<void>,
): Promise<void> {
  try {
    await body();
  } catch (error) {
    await system.close(descriptor).catch(() => {});
    throw error;
  }
  await ofSystem(path, () => system.close(descriptor));
}

/** Errors of the operating system name `path`. */
async function ofSystem<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw ioError(error, path, "write");
  }
}

async function writeAll(
  system: FileSystem,
  descriptor: number,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += await ofSystem(path, () => system.write(descriptor, bytes, done));
}

/** Removes a file that has not become what it was meant for. */
export function removeStaged(system: FileSystem, temporary: string): void {
  try {
    system.unlink(temporary);
  } catch {
    // Then the process that failed says why it failed, which matters more, and the next one removes the file.
  }
  releaseTemporary(temporary);
}

/** Gives the new file the mode of the old one. Where that is another user's, only the folder need allow replacing it. */
function keepMode(system: FileSystem, descriptor: number, present: Stats): void {
  try {
    system.chmod(descriptor, present.mode & 0o7777);
  } catch (error) {
    if (codeOf(error) !== "EPERM") throw error;
  }
}

/** Has the disk keep the names in a folder. Not every system can; the file is whole under one of its names all the same. */
export function keepNames(system: FileSystem, folder: string): void {
  try {
    system.fsyncFolder(folder);
  } catch {
    // Windows opens no folders, and some network file systems do not sync them.
  }
}

async function writeDirectly(file: EncodedFile, path: string, options: WriteOptions): Promise<StagedFile> {
  const { system = fileSystem, signal } = options;
  const descriptor = guarded(path, "write", () => system.open(path, "w"));
  await closing(system, descriptor, path, () =>
    stream(file, (bytes) => writeAll(system, descriptor, path, bytes), signal),
  );
  return { path, bytes: file.byteLength, commit: () => {}, discard: () => {} };
}

/** The status of a file; undefined where there is none. */
export function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw ioError(error, path, "write");
  }
}
