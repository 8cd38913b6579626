/**
 * Memory for the batches of one call of the runtime, used again for every call, because fresh memory for each batch
 * costs as much as a layer of a small network. The batches of a field lie side by side, so that together they are a
 * stack.
 */
export class BatchMemory {
  readonly #batches: number;
  readonly #fields = new Map<string, { readonly bytes: Uint8Array; taken: number }>();

  constructor(batches: number) {
    this.#batches = batches;
  }

  /** Memory for one more batch of the field, not shared with another batch of the call. It still holds old bytes. */
  readonly take = (size: number, field: string): Uint8Array => {
    const key = `${field} ${size}`;
    let rows = this.#fields.get(key);
    if (rows === undefined) {
      rows = { bytes: new Uint8Array(size * this.#batches), taken: 0 };
      this.#fields.set(key, rows);
    }
    if (rows.taken === this.#batches) return new Uint8Array(size);
    const start = size * rows.taken++;
    return rows.bytes.subarray(start, start + size);
  };

  /** Frees the memory for the next call, once all batches have been read. */
  release(): void {
    for (const rows of this.#fields.values()) rows.taken = 0;
  }
}

/** Joins the parts: without a copy where they lie side by side, else copied into the memory that `room` gives. */
export function sideBySide(parts: readonly Uint8Array[], room: (size: number) => Uint8Array): Uint8Array {
  const [first] = parts;
  if (first === undefined) return new Uint8Array();
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  let at = first.byteOffset;
  const isOne = parts.every(({ buffer, byteOffset, length }) => {
    const follows = buffer === first.buffer && byteOffset === at;
    at += length;
    return follows;
  });
  if (isOne) return new Uint8Array(first.buffer, first.byteOffset, size);
  const joined = room(size).subarray(0, size);
  let end = 0;
  for (const part of parts) {
    joined.set(part, end);
    end += part.length;
  }
  return joined;
}
