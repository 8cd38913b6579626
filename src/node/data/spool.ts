import { closeSync, createReadStream, openSync, statSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import type { ByteSource } from "../../base/bytes.js";
import { NormfoldError } from "../../base/errors.js";
import { errors } from "../errors.js";
import { guarded, ioError } from "../guarded.js";
import { assertRegularFile, openSource } from "../source.js";
import { makeTemporaryFolder, removeTemporary } from "../temporary.js";
import { assertUnpackable } from "./limits.js";

/** A temporary file for the contents of a compressed file, so that any part can be read and nothing need be in memory. */
interface Spool {
  write(bytes: Uint8Array): void;
  /** All that was written. The file is removed at once where the system allows that, else when the source is closed. */
  finish(): ClosableSource;
  discard(): void;
}

export type ClosableSource = ByteSource & { close(): void };

/** The pieces one behind the other, in a temporary file. */
export function spooled(pieces: Iterable<Uint8Array>): ClosableSource {
  const spool = createSpool();
  try {
    for (const piece of pieces) spool.write(piece);
  } catch (error) {
    spool.discard();
    throw error;
  }
  return spool.finish();
}

/** An empty spool in the folder for temporary files. */
function createSpool(): Spool {
  const folder = makeTemporaryFolder(tmpdir());
  const path = join(folder, "data");
  const descriptor = guarded(path, "write", () => openSync(path, "wx"));
  const remove = (): void => removeTemporary(folder);
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

/**
 * The contents of a .gz file. `sizeOf` reads their number of bytes off the first of them. Throws "invalid" where they are
 * damaged, cut off or longer, and where that number is more than the size of the file lets expect.
 */
export async function gunzip(path: string, sizeOf: (head: Uint8Array) => number): Promise<ClosableSource> {
  assertRegularFile(path);
  const packed = guarded(path, "read", () => statSync(path).size);
  const spool = createSpool();
  try {
    const input = createReadStream(path);
    const output = input.pipe(createGunzip());
    input.on("error", (error) => output.destroy(error));
    let size = 0;
    let wanted: number | undefined;
    for await (const chunk of output) {
      if (!(chunk instanceof Uint8Array)) continue;
      // The first chunk is 16 kB of the contents, or all of them.
      if (wanted === undefined) {
        wanted = sizeOf(chunk);
        assertUnpackable(wanted, packed);
      }
      size += chunk.length;
      if (size > wanted) throw errors.gzipIsDamaged("it is longer than its header says");
      spool.write(chunk);
    }
    return spool.finish();
  } catch (error) {
    spool.discard();
    if (error instanceof NormfoldError) throw error.at({ file: path });
    const isDamage = error instanceof Error && "code" in error && /^Z_/.test(String(error.code));
    if (!isDamage) throw ioError(error, path, "read");
    throw errors.gzipIsDamaged(error.message).at({ file: path });
  }
}
