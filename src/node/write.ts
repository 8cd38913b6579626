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

/** Removes what unfinished writes have left, for a process that is told to stop. */
export function removeTemporaryFiles(): void {
  for (const path of temporaries) rmSync(path, { recursive: true, force: true });
  temporaries.clear();
}

export function trackTemporary(path: string): void {
  temporaries.add(path);
}

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
    // A failure is met at the next await; until then it must not count as unhandled.
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
    // The file must not be closed under a write that is still going on.
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

/** A file written under another name, to be given its own when all is well. */
export interface StagedFile {
  readonly path: string;
  readonly bytes: number;
  commit(): void;
  discard(): void;
}

export interface WriteOptions {
  /** Wait until the disk has the bytes, so that a power cut leaves the old file or the new one. */
  readonly fsync?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Writes `file` beside `path` under a temporary name. `commit` renames it, so a reader of `path` sees the old file or
 * the new one and never a part. What is no regular file (a device, a pipe) is written directly.
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
  // Not after the target, whose name may be as long as names can be; not after the process, whose number another
  // machine may have that writes to the same folder.
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

/** Another user's file can be replaced where the folder allows it, but not be given the same mode. */
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

export function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw ioError(error, path, "write");
  }
}
