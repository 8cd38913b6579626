import { Writer } from "protobufjs/minimal.js";
import type { ByteRange } from "../base/bytes.js";
import { DELIMITED, FIXED32, VARINT } from "./wire.js";

/** Bytes whose number is known, and which are made when the output reaches them. */
export interface LazyBytes {
  readonly length: number;
  readonly compute: () => Uint8Array;
}

/** Bytes up to which a part is copied to those before it, because a part takes longer to write than to copy. */
const COPIED = 1 << 16;

/** A part of the output. */
export type Piece = Uint8Array | ByteRange | LazyBytes;

/**
 * A message that is being written. Small fields go through protobufjs's Writer. Big ones are kept as pieces, whose length is
 * known and whose bytes are fetched when the output reaches them.
 */
export class Sink {
  #writer = new Writer();
  readonly #pieces: Piece[] = [];
  #flushed = 0;

  get length(): number {
    return this.#flushed + this.#writer.pos;
  }

  text(field: number, value: string | undefined): void {
    if (value !== undefined) this.#tag(field, DELIMITED).string(value);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, DELIMITED).bytes(value);
  }

  /** A varint field: int32, int64 or an enum. */
  integer(field: number, value: number | bigint | undefined): void {
    if (value === undefined) return;
    const writer = this.#tag(field, VARINT);
    if (typeof value === "number" && value >= 0 && value < 2 ** 31) writer.uint32(value);
    else writeInt64(writer, BigInt(value));
  }

  float(field: number, value: number): void {
    this.#tag(field, FIXED32).float(value);
  }

  /** Fields that carry their tags already. */
  raw(fields: Uint8Array): void {
    this.#writer.raw(fields);
  }

  /** A nested message of small fields only, written in place. */
  nested(field: number, body: () => void): void {
    this.#tag(field, DELIMITED).fork();
    body();
    this.#writer.ldelim();
  }

  /** A nested message that may hold big pieces. */
  message(field: number, child: Sink): void {
    this.header(field, child.length);
    for (const piece of child.pieces()) this.piece(piece);
  }

  /** Tag and length of a value whose bytes follow as pieces. */
  header(field: number, length: number): void {
    const writer = this.#tag(field, DELIMITED);
    if (length < 2 ** 31) writer.uint32(length);
    else writeInt64(writer, BigInt(length));
  }

  piece(piece: Piece): void {
    if (piece.length === 0) return;
    if (piece instanceof Uint8Array && piece.length < COPIED) {
      this.#writer.raw(piece);
      return;
    }
    this.#flush();
    this.#pieces.push(piece);
    this.#flushed += piece.length;
  }

  /** Everything written so far, in order. */
  pieces(): readonly Piece[] {
    this.#flush();
    return this.#pieces;
  }

  #tag(field: number, wireType: number): Writer {
    return this.#writer.uint32(field * 8 + wireType);
  }

  #flush(): void {
    if (this.#writer.pos === 0) return;
    const bytes = this.#writer.finish(true);
    this.#pieces.push(bytes);
    this.#flushed += bytes.length;
    this.#writer = new Writer();
  }
}

function writeInt64(writer: Writer, value: bigint): void {
  let rest = BigInt.asUintN(64, value);
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  writer.raw(Uint8Array.from(bytes));
}
