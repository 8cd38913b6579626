import { Reader } from "protobufjs/minimal.js";
import type { ByteRange, ByteSource } from "../base/bytes.js";
import type { NormfoldError } from "../base/errors.js";
import { Allowance } from "./allowance.js";
import { errors } from "./errors.js";

/** Protocol Buffers' own limit on nested messages. Deeper models could be read by no other tool. */
const MAX_DEPTH = 100;
/** Tag and value of a scalar, or tag and length: at most 5 + 10 bytes. */
const HEADER = 15;
/** Bytes read ahead: few at first, because behind a skipped tensor there is often only another tensor's header. */
const READ_AHEAD = 4096;
const MAX_READ_AHEAD = 256 * 1024;

export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
const GROUP = 3;
const GROUP_END = 4;
export const FIXED32 = 5;

/**
 * Steps through the fields of a message where it is stored. It reads a little ahead into a buffer, and skipped values
 * are never read. `next` goes to a field, whose value one of the readers then takes, or none; `enter` and `leave`
 * bracket the fields of a nested message. Every extent is checked against the enclosing message. Malformed bytes
 * give NormfoldError "invalid" with their offset.
 */
export class Cursor {
  readonly source: ByteSource;
  /** Counts what is built of the fields. */
  readonly allowance: Allowance;
  /** Number and wire type of the current field. */
  field = 0;
  wireType = 0;
  /** Absolute offsets of the current field and its value. */
  start = 0;
  valueStart = 0;
  valueEnd = 0;
  readonly #limit: number;
  #position: number;
  #end: number;
  #depth = 0;
  #reader: Reader = new Reader(new Uint8Array(0));
  #base = 0;
  #readAhead = READ_AHEAD;
  #low = 0;
  #high = 0;

  constructor(range: ByteRange, allowance: Allowance = new Allowance()) {
    this.source = range.source;
    this.allowance = allowance;
    this.#position = range.offset;
    this.#limit = range.offset + range.length;
    this.#end = this.#limit;
  }

  /** Goes to the next field of the current message; false at its end. */
  next(): boolean {
    if (this.#position >= this.#end) return false;
    this.start = this.#position;
    this.#header();
    if (this.wireType === GROUP) this.#skipGroup();
    else if (this.wireType === GROUP_END) throw errors.groupNeverBegan().at({ offset: this.start });
    this.#position = this.valueEnd;
    return true;
  }

  #header(): void {
    const at = this.#position;
    const reader = this.#fill(at, HEADER);
    try {
      const tag = reader.tag();
      this.field = tag >>> 3;
      this.wireType = tag & 7;
      let length = 0;
      if (this.wireType === VARINT) {
        this.valueStart = this.#base + reader.pos;
        const value = reader.int64();
        this.#low = value.low;
        this.#high = value.high;
        length = this.#base + reader.pos - this.valueStart;
      } else {
        if (this.wireType === DELIMITED) length = reader.size();
        else if (this.wireType === FIXED32) length = 4;
        else if (this.wireType === FIXED64) length = 8;
        this.valueStart = this.#base + reader.pos;
      }
      this.valueEnd = this.valueStart + length;
    } catch (cause) {
      throw errors.fieldHeaderIsMalformed().at({ offset: at }).because(cause);
    }
    if (this.field === 0 || this.wireType > FIXED32) throw errors.fieldTagIsInvalid().at({ offset: at });
    if (this.valueEnd > this.#end) {
      throw errors.fieldIsLongerThanMessage(this.field, this.valueEnd - this.#end).at({ offset: at });
    }
  }

  /** ONNX has no groups, but an unknown one is skipped (and kept) like any other unknown field. */
  #skipGroup(): void {
    const { start, field } = this;
    for (let nesting = 1; nesting > 0; ) {
      this.#position = this.valueEnd;
      if (this.#position >= this.#end) throw errors.groupNeverEnds().at({ offset: start });
      this.#header();
      if (this.wireType === GROUP) nesting++;
      else if (this.wireType === GROUP_END) nesting--;
    }
    this.start = start;
    this.field = field;
    this.wireType = GROUP;
    this.valueStart = start;
  }

  /** The reader at offset `at`, with the next `length` bytes in its buffer, or as many as there are. */
  #fill(at: number, length: number): Reader {
    const want = Math.min(length, this.#limit - at);
    const bufferEnd = this.#base + this.#reader.len;
    if (at < this.#base || at + want > bufferEnd) {
      const close = at >= this.#base && at - bufferEnd < this.#readAhead;
      this.#readAhead = close ? Math.min(this.#readAhead * 2, MAX_READ_AHEAD) : READ_AHEAD;
      const take = Math.min(Math.max(want, this.#readAhead), this.#limit - at);
      this.#reader = new Reader(this.source.read(at, take));
      this.#base = at;
    }
    this.#reader.pos = at - this.#base;
    return this.#reader;
  }

  #expect(wireType: number): void {
    if (this.wireType !== wireType) throw this.wrongWireType();
  }

  /** The current varint as a signed 64-bit integer. */
  bigint(): bigint {
    this.#expect(VARINT);
    return (BigInt(this.#high) << 32n) | BigInt(this.#low >>> 0);
  }

  /** The current varint as a number; invalid beyond 2^53. */
  integer(what: string): number {
    this.#expect(VARINT);
    const value = this.#high * 2 ** 32 + (this.#low >>> 0);
    if (!Number.isSafeInteger(value))
      throw errors.integerIsOutOfRange(what, this.bigint()).at({ offset: this.start });
    return value;
  }

  float(): number {
    this.#expect(FIXED32);
    return this.#fill(this.valueStart, 4).float();
  }

  /** The bytes of the current length-delimited value. They may alias the buffer or the source. */
  bytes(): Uint8Array {
    this.#expect(DELIMITED);
    return this.slice(this.valueStart, this.valueEnd);
  }

  /** The current field with its tag, to be kept as it is. */
  raw(): Uint8Array {
    return this.slice(this.start, this.valueEnd);
  }

  /** The bytes between two absolute offsets. */
  slice(start: number, end: number): Uint8Array {
    if (end - start > MAX_READ_AHEAD) return this.source.read(start, end - start);
    const reader = this.#fill(start, end - start);
    return reader.buf.subarray(reader.pos, reader.pos + end - start);
  }

  /** The current value as text, or undefined when it is not valid UTF-8. */
  text(): string | undefined {
    this.#expect(DELIMITED);
    const length = this.valueEnd - this.valueStart;
    this.allowance.take(length);
    const reader =
      length > MAX_READ_AHEAD
        ? new Reader(this.source.read(this.valueStart, length))
        : this.#fill(this.valueStart, length);
    return utf8(reader.buf, reader.pos, reader.pos + length);
  }

  /** The current value as a name; invalid when it is not UTF-8. */
  string(what: string): string {
    const text = this.text();
    if (text === undefined) throw errors.textIsNotUtf8(what).at({ offset: this.start });
    return text;
  }

  /** The place of the current length-delimited value, which is not read. */
  range(): ByteRange {
    this.#expect(DELIMITED);
    return { source: this.source, offset: this.valueStart, length: this.valueEnd - this.valueStart };
  }

  /** The bytes of the current fixed-width value. */
  fixed(): Uint8Array {
    return this.slice(this.valueStart, this.valueEnd);
  }

  /** A reader over a packed list. */
  packed(): Reader {
    return new Reader(this.bytes());
  }

  /** Enters the current nested message. Give the result to `leave`. */
  enter(): number {
    this.#expect(DELIMITED);
    if (++this.#depth > MAX_DEPTH) {
      throw errors.messagesAreNestedTooDeep(MAX_DEPTH).at({ offset: this.start });
    }
    const outer = this.#end;
    this.#end = this.valueEnd;
    this.#position = this.valueStart;
    return outer;
  }

  /** Goes behind the nested message that `enter` entered. */
  leave(outer: number): void {
    this.#depth--;
    this.#position = this.#end;
    this.#end = outer;
  }

  /** The error for a current field whose wire type is wrong. */
  wrongWireType(): NormfoldError {
    return errors.wireTypeIsWrong(this.field, this.wireType).at({ offset: this.start });
  }
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes UTF-8; undefined for other bytes. Names are nearly always short and ASCII, for which a call of TextDecoder
 * costs too much.
 */
export function utf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start < 64) {
    let hash = end - start;
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at] ?? 128;
      if (byte > 127) break;
      hash = (hash * 31 + byte) | 0;
    }
    if (at === end) return short(bytes, start, end, hash & (RECENT - 1));
  }
  try {
    return strict.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/** Names that were read last, by hash: a name is nearly always read again, and operators and attributes are few. */
const RECENT = 4096;
const recent: string[] = new Array<string>(RECENT).fill("");

/** A short ASCII text. In one call, because a text that is put together letter by letter is kept as a tree of its letters. */
function short(bytes: Uint8Array, start: number, end: number, slot: number): string {
  const known = recent[slot] ?? "";
  if (known.length === end - start) {
    let at = 0;
    while (at < known.length && known.charCodeAt(at) === bytes[start + at]) at++;
    if (at === known.length) return known;
  }
  const text = String.fromCharCode(...bytes.subarray(start, end));
  recent[slot] = text;
  return text;
}
