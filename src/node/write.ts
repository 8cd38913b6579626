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
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { readInto } from "../base/bytes.js";
import { NormfoldError } from "../base/errors.js";
import type { EncodedFile } from "../proto/encode.js";
import { codeOf, guarded, ioError } from "./errors.js";

/** Files and folders that exist only while something is being written. */
const temporaries = new Set<string>();
let serial = 0;

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

const COPY = 2 ** 20;
/** Bytes between two looks at the event loop, so that an interrupt is noticed. */
const BREATH = 64 * COPY;

/** Writes all bytes of `file` through `put`, which must be done with its argument when it returns. */
export async function stream(
  file: EncodedFile,
  put: (bytes: Uint8Array) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const buffer = new Uint8Array(COPY);
  let held = 0;
  let sinceBreath = 0;
  const flush = async (): Promise<void> => {
    if (held === 0) return;
    await put(buffer.subarray(0, held));
    sinceBreath += held;
    held = 0;
    if (sinceBreath < BREATH) return;
    sinceBreath = 0;
    await setImmediate();
    signal?.throwIfAborted();
  };
  for (const chunk of file.chunks()) {
    // A long chunk starts at the head of the buffer, so that its elements stay aligned in every piece.
    if (chunk.length >= COPY) await flush();
    for (let done = 0; done < chunk.length; ) {
      const take = Math.min(COPY - held, chunk.length - done);
      const target = buffer.subarray(held, held + take);
      if (chunk instanceof Uint8Array) target.set(chunk.subarray(done, done + take));
      else readInto(chunk.source, target, chunk.offset + done);
      held += take;
      done += take;
      if (held === COPY) await flush();
    }
  }
  await flush();
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done);
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
  if (present?.isDirectory()) {
    throw new NormfoldError("io", "this is a folder; give a file name", { file: path });
  }
  if (present !== undefined && !present.isFile()) return writeDirectly(file, path, options);
  const target = present === undefined ? path : realpathSync(path);
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}-${serial++}.tmp`);
  try {
    const descriptor = guarded(path, "write", () => openSync(temporary, "wx"));
    temporaries.add(temporary);
    try {
      if (present !== undefined) keepMode(descriptor, present);
      await stream(
        file,
        (bytes) => guarded(path, "write", () => writeAll(descriptor, bytes)),
        options.signal,
      );
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
    await stream(file, (bytes) => guarded(path, "write", () => writeAll(descriptor, bytes)), options.signal);
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
