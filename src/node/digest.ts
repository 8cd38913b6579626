import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { ioError } from "./guarded.js";

/** A file and its content. */
export interface FileDigest {
  /** The path as it was given. */
  readonly path: string;
  /** The number of bytes. */
  readonly bytes: number;
  /** SHA-256 of the bytes, as hexadecimal digits. */
  readonly sha256: string;
}

const PIECE = 2 ** 20;

/** The size and the SHA-256 of a file. Throws NormfoldError "io". */
export async function digestFile(path: string): Promise<FileDigest> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const piece of createReadStream(path, { highWaterMark: PIECE })) {
      hash.update(piece);
      bytes += piece.length;
    }
  } catch (error) {
    throw ioError(error, path, "read");
  }
  return { path, bytes, sha256: hash.digest("hex") };
}

/** The SHA-256 of bytes in memory, as hexadecimal digits. */
export function digestOfBytes(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
