import { fstatSync, writeSync } from "node:fs";

/** A stream of the process, by its descriptor. */
export type StandardStream = 1 | 2;

/**
 * Writes all bytes to standard output or error, and resolves when they are out. Throws the error of the operating system. A file is
 * written here and not by Node's stream, which takes a write for done that a full disk has cut short.
 */
export async function writeStandard(to: StandardStream, bytes: Uint8Array): Promise<void> {
  if (isFile(to)) {
    for (let done = 0; done < bytes.length; ) done += writeSync(to, bytes, done);
    return;
  }
  const target = to === 1 ? process.stdout : process.stderr;
  // After an error every further write fails with ERR_STREAM_DESTROYED, which says less than the first one.
  if (target.errored) throw target.errored;
  // Copied, because the stream may keep its argument and `bytes` is used again.
  const copy = bytes.slice();
  await new Promise<void>((resolve, reject) => {
    target.write(copy, (error) => (error ? reject(error) : resolve()));
  });
}

/** True for what takes all bytes or fails: no pipe, no socket, no terminal. */
function isFile(descriptor: StandardStream): boolean {
  try {
    const stats = fstatSync(descriptor);
    return (
      stats.isFile() ||
      (stats.isCharacterDevice() && !(descriptor === 1 ? process.stdout : process.stderr).isTTY)
    );
  } catch {
    return false;
  }
}
