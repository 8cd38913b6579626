import { readSync } from "node:fs";
import { concatBytes } from "../base/bytes.js";
import { errors } from "./errors.js";
import { ioError, placed } from "./guarded.js";

/** A message of protobuf is smaller, and so is a model in one piece. What gives more is no model, and may never end. */
const MAX_STREAM = 2 ** 31;

const CHUNK = 2 ** 20;

/** Reads a pipe or a device to its end. Throws NormfoldError "io" where it gives more than a model may have. */
export function readStream(descriptor: number, limit: number = MAX_STREAM): Uint8Array {
  const parts = new Parts(limit);
  for (;;) {
    const chunk = new Uint8Array(CHUNK);
    const got = readSync(descriptor, chunk);
    if (got === 0) return parts.joined();
    parts.add(got === CHUNK ? chunk : chunk.slice(0, got));
  }
}

/** Reads standard input to its end. Throws NormfoldError "io" where it gives more than a model may have. */
export async function readStdin(): Promise<Uint8Array> {
  const parts = new Parts(MAX_STREAM);
  try {
    for await (const part of process.stdin) parts.add(part);
  } catch (error) {
    throw placed(ioError(error, "standard input", "read"), "standard input");
  }
  return parts.joined();
}

class Parts {
  readonly #limit: number;
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > this.#limit) throw errors.streamIsTooLong();
    this.#parts.push(part);
  }

  joined(): Uint8Array {
    return concatBytes(this.#parts);
  }
}
