import { memorySource } from "../base/bytes.js";
import type { Sink } from "./sink.js";
import { Cursor } from "./wire.js";

/** The fields of a message held in memory, each with its tag. */
export function* rawFields(bytes: Uint8Array): Generator<readonly [field: number, raw: Uint8Array]> {
  const cursor = new Cursor({ source: memorySource(bytes), offset: 0, length: bytes.length });
  while (cursor.next()) yield [cursor.field, cursor.raw()];
}

/**
 * Puts the fields that normfold does not read (UnknownFields collected them) back between the others: in their order, each
 * as early as that order allows.
 */
export class UnknownFieldWriter {
  readonly #fields: readonly (readonly [field: number, raw: Uint8Array])[];
  #next = 0;

  constructor(unknown: Uint8Array | undefined) {
    this.#fields = unknown === undefined ? [] : [...rawFields(unknown)];
  }

  /** Writes the remaining ones up to the first whose number is `field` or higher. */
  before(field: number, sink: Sink): void {
    for (let entry = this.#fields[this.#next]; entry !== undefined; entry = this.#fields[++this.#next]) {
      if (entry[0] >= field) return;
      sink.raw(entry[1]);
    }
  }

  /** Writes all remaining ones. */
  rest(sink: Sink): void {
    this.before(Infinity, sink);
  }
}

/** Writes the message `wire` with its string field `field` set to `text`, and the other fields as they are. */
export function withText(wire: Uint8Array, field: number, text: string, sink: Sink): void {
  let written = false;
  for (const [number, raw] of rawFields(wire)) {
    if (number > field && !written) {
      sink.text(field, text);
      written = true;
    }
    if (number !== field) sink.raw(raw);
    else if (!written) {
      sink.text(field, text);
      written = true;
    }
  }
  if (!written) sink.text(field, text);
}
