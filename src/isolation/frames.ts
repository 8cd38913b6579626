/** What one process says to the other at once: a small record, and bytes that are sent as they are. */
export interface Frame {
  /** What JSON can hold. */
  readonly header: unknown;
  readonly payloads: readonly Uint8Array[];
}

/**
 * A frame on its way: the length of the head (4 bytes, little-endian), the head as JSON, the payloads one behind the other. The
 * pieces alias the payloads.
 */
export function encodeFrame({ header, payloads }: Frame): Uint8Array[] {
  const sizes = payloads.map((payload) => payload.byteLength);
  const head = new TextEncoder().encode(JSON.stringify({ header, sizes }));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length, true);
  return [length, head, ...payloads.filter((payload) => payload.byteLength > 0)];
}

interface Head {
  readonly header: unknown;
  readonly sizes: readonly number[];
}

/**
 * Takes frames apart, whatever the pieces in which they arrive. `room` says where the next bytes belong, so that a payload is
 * read into its place; `filled` says how many came. Both sides are programs of ours, so a frame is not doubted.
 */
export class FrameReader {
  #part: Uint8Array = new Uint8Array(4);
  #at = 0;
  #state: "length" | "head" | "payloads" = "length";
  #head: Head = { header: undefined, sizes: [] };
  #payloads: Uint8Array[] = [];

  /** The place of the next bytes; never empty. */
  room(): Uint8Array {
    return this.#part.subarray(this.#at);
  }

  /** Says that `count` bytes were put into `room`; gives the frame that they complete. */
  filled(count: number): Frame | undefined {
    this.#at += count;
    while (this.#at === this.#part.length) {
      const frame = this.#advance();
      if (frame !== undefined) return frame;
    }
    return undefined;
  }

  /** Copies bytes that were read elsewhere; gives the frames that they complete. */
  push(bytes: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    for (let done = 0; done < bytes.length; ) {
      const room = this.room();
      const take = Math.min(room.length, bytes.length - done);
      room.set(bytes.subarray(done, done + take));
      done += take;
      const frame = this.filled(take);
      if (frame !== undefined) frames.push(frame);
    }
    return frames;
  }

  #advance(): Frame | undefined {
    if (this.#state === "length") {
      this.#expect("head", new DataView(this.#part.buffer).getUint32(0, true));
      return undefined;
    }
    if (this.#state === "head") {
      this.#head = JSON.parse(new TextDecoder().decode(this.#part)) as Head;
      this.#payloads = [];
    } else {
      this.#payloads.push(this.#part);
    }
    const next = this.#head.sizes[this.#payloads.length];
    if (next !== undefined) {
      this.#expect("payloads", next);
      return undefined;
    }
    const frame = { header: this.#head.header, payloads: this.#payloads };
    this.#expect("length", 4);
    return frame;
  }

  #expect(state: "length" | "head" | "payloads", size: number): void {
    this.#state = state;
    this.#part = new Uint8Array(size);
    this.#at = 0;
  }
}
