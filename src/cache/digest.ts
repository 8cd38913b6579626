import { createHash } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";

/** Larger files are read in pieces. */
const IN_ONE_PIECE = 2 ** 24;

/** The SHA-256 of a text or of bytes, in hexadecimal digits. */
export function digestOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The SHA-256 of what is in a file. Throws the errors of the system. */
export async function digestOfFile(path: string): Promise<string> {
  if (statSync(path).size <= IN_ONE_PIECE) return digestOf(readFileSync(path));
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(piece);
  return hash.digest("hex");
}
