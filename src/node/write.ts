import { randomUUID } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  write,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { readInto } from "../base/bytes.js";
import type { EncodedFile } from "../proto/encode.js";
import { errors } from "./errors.js";
import { codeOf, guarded, ioError } from "./guarded.js";

/** Files and folders that exist only while something is being written. */
const temporaries = new Set<string>();

/** Removes the files of unfinished writes, for a process that is told to stop. */
export function removeTemporaryFiles(): void {
  for (const path of temporaries) rmSync(path, { recursive: true, force: true });
  temporaries.clear();
}

/** Has removeTemporaryFiles remove a file or folder too. */
export function trackTemporary(path: string): void {
  temporaries.add(path);
}

/** Removes a file or folder that was tracked. */
export function removeTemporary(path: string): void {
  rmSync(path, { recursive: true, force: true });
  temporaries.delete(path);
}

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
  let filling = new Uint8Array(COPY);
  let resting = new Uint8Array(COPY);
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
      if (chunk.length >= COPY) await flush();
      for (let done = 0; done < chunk.length; ) {
        const take = Math.min(COPY - held, chunk.length - done);
        const target = filling.subarray(held, held + take);
        if (chunk instanceof Uint8Array) target.set(chunk.subarray(done, done + take));
        else readInto(chunk.source, target, chunk.offset + done);
        held += take;
        done += take;
        if (held === COPY) await flush();
      }
    }
    await flush();
  } finally {
    // The file must not be closed while a write is still going on.
    await writing;
  }
}

const writeSome = promisify(write);

async function writeAll(descriptor: number, path: string, bytes: Uint8Array): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) {
      done += (await writeSome(descriptor, bytes, done, bytes.length - done, null)).bytesWritten;
    }
  } catch (error) {
    throw ioError(error, path, "write");
  }
}

/** A file that is written under a temporary name. */
export interface StagedFile {
  readonly path: string;
  readonly bytes: number;
  /** Gives the file its name. */
  commit(): void;
  /** Removes the file. */
  discard(): void;
}

/** How files are written. */
export interface WriteOptions {
  /** Wait until the disk has the bytes, so that a power cut leaves the old file or the new one. */
  readonly fsync?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Writes `file` beside `path` under a temporary name. `commit` renames it, so a reader of `path` sees the old file or
 * the new one and never a part. Devices and pipes are written directly.
 */
export async function stageFile(
  file: EncodedFile,
  path: string,
  options: WriteOptions = {},
): Promise<StagedFile> {
  const present = statIfThere(path);
  if (present?.isDirectory()) throw errors.folderCannotBeOverwritten().at({ file: path });
  if (present !== undefined && !present.isFile()) return writeDirectly(file, path, options);
  const target = present === undefined ? path : realpathSync(path);
  // Not named after the target, whose name may be as long as names can be, nor after the process, because a process of
  // another machine may have the same number and write to the same folder.
  const temporary = join(dirname(target), `.normfold-${randomUUID()}.tmp`);
  try {
    const descriptor = guarded(path, "write", () => openSync(temporary, "wx"));
    temporaries.add(temporary);
    try {
      if (present !== undefined) keepMode(descriptor, present);
      await stream(file, (bytes) => writeAll(descriptor, path, bytes), options.signal);
      if (options.fsync ?? false) guarded(path, "write", () => fsyncSync(descriptor));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    removeTemporary(temporary);
    throw error;
  }
  return {
    path,
    bytes: file.byteLength,
    commit: () => {
      guarded(path, "write", () => renameSync(temporary, target));
      temporaries.delete(temporary);
    },
    discard: () => removeTemporary(temporary),
  };
}

/** Gives the new file the mode of the old one. Where that is another user's, only the folder need allow replacing it. */
function keepMode(descriptor: number, present: Stats): void {
  try {
    fchmodSync(descriptor, present.mode & 0o7777);
  } catch (error) {
    if (codeOf(error) !== "EPERM") throw error;
  }
}

async function writeDirectly(file: EncodedFile, path: string, options: WriteOptions): Promise<StagedFile> {
  const descriptor = guarded(path, "write", () => openSync(path, "w"));
  try {
    await stream(file, (bytes) => writeAll(descriptor, path, bytes), options.signal);
  } finally {
    closeSync(descriptor);
  }
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
