import { bitsOf, type DType } from "../ir/dtype.js";
import { type RuntimeTensor, tensorSize } from "../runtime/runtime.js";
import { errors } from "./errors.js";

const DTYPE_OF: Readonly<Record<string, DType>> = {
  f2: "float16",
  f4: "float",
  f8: "double",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  b1: "bool",
  c8: "complex64",
  c16: "complex128",
};

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const ASCII = new TextDecoder("latin1");

interface Header {
  /** NumPy's type without the byte order: f4, U12. */
  readonly code: string;
  readonly isBigEndian: boolean;
  readonly columnsFirst: boolean;
  readonly dims: readonly number[];
  readonly offset: number;
}

/**
 * Reads NumPy's .npy format, versions 1 to 3. Fortran order is turned into C order, big-endian numbers into little-endian
 * ones; U and S arrays become strings. Throws NormfoldError: "invalid" for damaged bytes and pickled objects, "unsupported"
 * for records and types without a dtype.
 */
export function readNpy(bytes: Uint8Array): RuntimeTensor {
  const header = readHeader(bytes);
  const { dims } = header;
  const count = tensorSize(dims);
  const text = /^([US])(\d+)$/.exec(header.code);
  const dtype = text === null ? DTYPE_OF[header.code] : "string";
  if (dtype === undefined) throw errors.npyTypeHasNoDtype(header.code);
  const width = text === null ? bitsOf(dtype) / 8 : Number(text[2]) * (text[1] === "U" ? 4 : 1);
  const there = bytes.subarray(header.offset);
  if (there.length < count * width) throw errors.arrayIsCutOff(dims, count * width, there.length);
  const data = there.subarray(0, count * width);
  const ordered = header.columnsFirst && dims.length > 1 ? rowsFirst(data, dims, width) : data.slice();
  if (header.isBigEndian) reverseEach(ordered, text === null ? numberWidth(dtype) : text[1] === "U" ? 4 : 1);
  if (text === null) return { dtype, dims, data: ordered };
  const decode = text[1] === "U" ? utf32 : latin;
  const strings = Array.from({ length: count }, (_, i) =>
    decode(ordered.subarray(i * width, (i + 1) * width)),
  );
  return { dtype: "string", dims, data: strings };
}

/**
 * The type of the numbers in a .npy file and the place of their elements, so that only some need be read. Throws NormfoldError
 * as `readNpy` does, and "unsupported" for text.
 */
export function npyLayout(head: Uint8Array): NpyLayout {
  const { code, isBigEndian, columnsFirst, dims, offset } = readHeader(head);
  if (/^[US]\d+$/.test(code)) throw errors.textCannotBeFed();
  const dtype = DTYPE_OF[code];
  if (dtype === undefined) throw errors.npyTypeHasNoDtype(code);
  return { dtype, dims, offset, isReordered: isBigEndian || (columnsFirst && dims.length > 1) };
}

/** Where the elements of a .npy file are. */
export interface NpyLayout {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly offset: number;
  /** The elements do not stand as tensors have them, so that the file has to be read whole. */
  readonly isReordered: boolean;
}

/** Bytes of a number: a complex element is two of them. */
function numberWidth(dtype: DType): number {
  return bitsOf(dtype) / (dtype.startsWith("complex") ? 16 : 8);
}

/** Turns each element around, big-endian to little-endian or back. */
export function reverseEach(bytes: Uint8Array, width: number): void {
  if (width === 1) return;
  for (let at = 0; at + width <= bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

function readHeader(bytes: Uint8Array): Header {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw errors.fileIsNotNpy();
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = view.getUint8(6) >= 2;
  const start = long ? 12 : 10;
  const length = bytes.length < start ? 0 : long ? view.getUint32(8, true) : view.getUint16(8, true);
  const text = ASCII.decode(bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([<>|=]?)([a-zA-Z]\d*)'/.exec(text);
  const order = /'fortran_order':\s*(True|False)/.exec(text);
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text);
  if (/'descr':\s*\[/.test(text)) throw errors.npyIsRecordArray();
  if (descr?.[2] === "O") throw errors.npyHoldsObjects();
  const dims = (shape?.[1] ?? "").split(",").filter((part) => part.trim() !== "");
  const sizes = dims.map(Number);
  const isCountable = [tensorSize(sizes), ...sizes].every(Number.isSafeInteger);
  if (descr === null || order === null || shape === null || !isCountable) {
    throw errors.npyHeaderIsDamaged();
  }
  return {
    code: descr[2] ?? "",
    isBigEndian: descr[1] === ">",
    columnsFirst: order[1] === "True",
    dims: sizes,
    offset: start + length,
  };
}

/** Fortran order into C order, element by element. */
function rowsFirst(data: Uint8Array, dims: readonly number[], width: number): Uint8Array {
  const count = tensorSize(dims);
  const out = new Uint8Array(count * width);
  const index = dims.map(() => 0);
  const strides: number[] = [];
  dims.reduce((stride, dim) => {
    strides.push(stride);
    return stride * dim;
  }, 1);
  let from = 0;
  for (let to = 0; to < count; to++) {
    for (let byte = 0; byte < width; byte++) out[to * width + byte] = data[from * width + byte] ?? 0;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const [at, size, stride] = [index[axis] ?? 0, dims[axis] ?? 0, strides[axis] ?? 0];
      from += at + 1 === size ? -at * stride : stride;
      index[axis] = at + 1 === size ? 0 : at + 1;
      if (at + 1 !== size) break;
    }
  }
  return out;
}

function utf32(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const point = view.getUint32(at, true);
    if (point > 0x10ffff) throw errors.npyTextIsDamaged(point);
    text += String.fromCodePoint(point);
  }
  return text.replace(/\0+$/, "");
}

function latin(bytes: Uint8Array): string {
  return ASCII.decode(bytes).replace(/\0+$/, "");
}
