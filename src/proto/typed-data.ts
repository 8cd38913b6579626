import type { ByteRange } from "../base/bytes.js";
import { bitsOf, byteLengthOf, type DType } from "../ir/dtype.js";
import { errors } from "./errors.js";
import { forPacked } from "./read-leaf.js";
import { TENSOR } from "./schema.js";
import { Cursor, DELIMITED, FIXED32, FIXED64, VARINT } from "./wire.js";

/**
 * The typed fields of TensorProto (float_data, int32_data, ...), which small tensors use instead of raw_data:
 * varints or fixed-width numbers, packed into lists or one by one. Decoded to raw_data form when asked for.
 */

/** Wire type of one unpacked entry, by field. */
const ENTRY_WIRE: ReadonlyMap<number, number> = new Map([
  [TENSOR.floatData, FIXED32],
  [TENSOR.doubleData, FIXED64],
  [TENSOR.int32Data, VARINT],
  [TENSOR.int64Data, VARINT],
  [TENSOR.uint64Data, VARINT],
]);

export function isTypedField(field: number): boolean {
  return ENTRY_WIRE.has(field);
}

/** The field that holds elements of `dtype`. */
export function typedFieldOf(dtype: DType): number {
  switch (dtype) {
    case "float":
    case "complex64":
      return TENSOR.floatData;
    case "double":
    case "complex128":
      return TENSOR.doubleData;
    case "int64":
      return TENSOR.int64Data;
    case "uint32":
    case "uint64":
      return TENSOR.uint64Data;
    default:
      return TENSOR.int32Data;
  }
}

/** Entries that `size` elements take: two per complex number, and one per byte of packed 4- or 2-bit elements. */
export function entriesOf(dtype: DType, size: number): number {
  if (dtype === "complex64" || dtype === "complex128") return 2 * size;
  const bits = bitsOf(dtype);
  return bits < 6 ? Math.ceil((size * bits) / 8) : size;
}

const PIECE = 65536;

/** Counts the entries in the current field without keeping them. */
export function countTyped(cursor: Cursor): number {
  const wireType = ENTRY_WIRE.get(cursor.field);
  if (cursor.wireType === wireType) return 1;
  if (cursor.wireType !== DELIMITED) throw cursor.wrongWireType();
  const { source, offset, length } = cursor.range();
  if (wireType !== VARINT) {
    const width = wireType === FIXED32 ? 4 : 8;
    if (length % width !== 0) throw errors.packedListIsMalformed().at({ offset: cursor.start });
    return length / width;
  }
  let count = 0;
  let last = 0;
  for (let at = 0; at < length; at += PIECE) {
    const piece = source.read(offset + at, Math.min(PIECE, length - at));
    for (let i = 0; i < piece.length; i++) {
      last = piece[i] ?? 0;
      if (last < 128) count++;
    }
  }
  if (last >= 128) throw errors.packedListIsMalformed().at({ offset: cursor.start });
  return count;
}

/** The `size` elements in `field` of the TensorProto at `wire`, in raw_data form. */
export function decodeTyped(wire: ByteRange, field: number, dtype: DType, size: number): Uint8Array {
  const bytes = new Uint8Array(byteLengthOf(dtype, size));
  const put = writerOf(dtype, new DataView(bytes.buffer));
  const entryWire = ENTRY_WIRE.get(field);
  const limit = entriesOf(dtype, size);
  const cursor = new Cursor(wire);
  let index = 0;
  const take = (low: number, high: number): void => {
    if (index >= limit) throw errors.fileChangedWhileRead();
    put(index++, low, high);
  };
  while (cursor.next()) {
    if (cursor.field !== field) continue;
    if (cursor.wireType === VARINT) {
      const value = cursor.bigint();
      take(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
    } else if (cursor.wireType !== DELIMITED) {
      const entry = cursor.fixed();
      const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
      take(view.getInt32(0, true), entryWire === FIXED64 ? view.getInt32(4, true) : 0);
    } else if (entryWire === FIXED32) forPacked(cursor, (reader) => take(reader.sfixed32(), 0));
    else {
      const read = entryWire === FIXED64 ? "sfixed64" : "int64";
      forPacked(cursor, (reader) => {
        const value = reader[read]();
        take(value.low, value.high);
      });
    }
  }
  if (index !== limit) throw errors.fileChangedWhileRead();
  return bytes;
}

/** Stores entry `index`, given as the low and high half of its bits. */
function writerOf(dtype: DType, view: DataView): (index: number, low: number, high: number) => void {
  const complex = dtype === "complex64" || dtype === "complex128";
  const bits = complex ? bitsOf(dtype) / 2 : bitsOf(dtype);
  switch (bits) {
    case 64:
      return (index, low, high) => {
        view.setInt32(8 * index, low, true);
        view.setInt32(8 * index + 4, high, true);
      };
    case 32:
      return (index, low) => view.setInt32(4 * index, low, true);
    case 16:
      return (index, low) => view.setInt16(2 * index, low, true);
    case 6:
      return (index, low) => putSixBits(view, index, low & 63);
    default:
      return (index, low) => view.setInt8(index, low);
  }
}

/** A float6 element is an entry of its own, but in raw_data four elements share three bytes. */
function putSixBits(view: DataView, index: number, pattern: number): void {
  const at = index * 6;
  const shifted = pattern << (at & 7);
  const byte = at >> 3;
  view.setUint8(byte, view.getUint8(byte) | (shifted & 255));
  if (shifted > 255) view.setUint8(byte + 1, view.getUint8(byte + 1) | (shifted >> 8));
}
