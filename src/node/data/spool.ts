import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import type { ByteSource } from "../../base/bytes.js";
import { errors } from "../errors.js";
import { guarded, ioError } from "../guarded.js";
import { openSource } from "../source.js";

/** A temporary file for the contents of a compressed file, so that any part can be read and nothing need be in memory. */
export interface Spool {
  write(bytes: Uint8Array): void;
  /** All that was written. The file is removed at once where the system allows that, else when the source is closed. */
  finish(): ByteSource & { close(): void };
  discard(): void;
}

/** An empty spool in the folder for temporary files. */
export function createSpool(): Spool {
  const folder = guarded(tmpdir(), "write", () => mkdtempSync(join(tmpdir(), "normfold-")));
  const path = join(folder, "data");
  const descriptor = guarded(path, "write", () => openSync(path, "wx"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  return {
    write: (bytes) =>
      guarded(path, "write", () => {
        for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
      }),
    finish() {
      closeSync(descriptor);
      const source = openSource(path);
      tryUnlink(path);
      return {
        size: source.size,
        read: (offset, length) => source.read(offset, length),
        close() {
          if ("close" in source && typeof source.close === "function") source.close();
          remove();
        },
      };
    },
    discard() {
      closeSync(descriptor);
      remove();
    },
  };
}

/** An open file needs no name on most systems; without one nothing is left even when the process is killed. */
function tryUnlink(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Windows: it is removed when it is closed.
  }
}

/** The contents of a .gz file. Throws "invalid" where it is damaged or cut off. */
export async function gunzip(path: string): Promise<ByteSource & { close(): void }> {
  const spool = createSpool();
  try {
    const input = createReadStream(path);
    const output = input.pipe(createGunzip());
    input.on("error", (error) => output.destroy(error));
    for await (const chunk of output) if (chunk instanceof Uint8Array) spool.write(chunk);
    return spool.finish();
  } catch (error) {
    spool.discard();
    const isDamage = error instanceof Error && "code" in error && /^Z_/.test(String(error.code));
    if (!isDamage) throw ioError(error, path, "read");
    throw errors.gzipIsDamaged(error.message).at({ file: path });
  }
}
