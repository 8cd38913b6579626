import { memorySource } from "../base/bytes.js";
import type { Sink } from "./sink.js";
import { Cursor } from "./wire.js";

/** The fields of a message held in memory, each with its tag. */
export function* rawFields(bytes: Uint8Array): Generator<readonly [field: number, raw: Uint8Array]> {
  const cursor = new Cursor({ source: memorySource(bytes), offset: 0, length: bytes.length });
  while (cursor.next()) yield [cursor.field, cursor.raw()];
}

/** Fields that normfold does not read, put back between the others in field order. */
export class Leftover {
  readonly #fields: (readonly [field: number, raw: Uint8Array])[];

  constructor(unknown: Uint8Array | undefined) {
    this.#fields = unknown === undefined ? [] : [...rawFields(unknown)].sort(([a], [b]) => a - b);
  }

  /** Writes those that come before `field`. */
  before(field: number, sink: Sink): void {
    while (this.#fields.length > 0) {
      const [first] = this.#fields;
      if (first === undefined || first[0] >= field) return;
      sink.raw(first[1]);
      this.#fields.shift();
    }
  }

  rest(sink: Sink): void {
    this.before(Infinity, sink);
  }
}

/** The message `wire` with its string field `field` set to `text`; all else stays as it is. */
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
