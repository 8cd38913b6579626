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
  readonly bigEndian: boolean;
  readonly columnsFirst: boolean;
  readonly dims: readonly number[];
  readonly offset: number;
}

/**
 * Reads NumPy's .npy format, versions 1 to 3. Fortran order is turned into C order; U and S arrays become strings.
 * Throws NormfoldError: "invalid" for damaged bytes, "unsupported" for object, record and big-endian arrays.
 */
export function readNpy(bytes: Uint8Array): RuntimeTensor {
  const header = readHeader(bytes);
  const { dims } = header;
  const count = tensorSize(dims);
  const text = /^([US])(\d+)$/.exec(header.code);
  const dtype = text === null ? DTYPE_OF[header.code] : "string";
  if (dtype === undefined) throw errors.npyTypeHasNoDtype(header.code);
  const width = text === null ? bitsOf(dtype) / 8 : Number(text[2]) * (text[1] === "U" ? 4 : 1);
  const data = bytes.subarray(header.offset);
  if (header.bigEndian && width > 1 && text?.[1] !== "S") throw errors.npyIsBigEndian();
  if (data.length < count * width) throw errors.arrayIsCutOff(dims, count * width, data.length);
  const ordered = header.columnsFirst && dims.length > 1 ? rowsFirst(data, dims, width) : data;
  if (text === null) return { dtype, dims, data: ordered.slice(0, count * width) };
  const decode = text[1] === "U" ? utf32 : latin;
  const strings = Array.from({ length: count }, (_, i) =>
    decode(ordered.subarray(i * width, (i + 1) * width)),
  );
  return { dtype: "string", dims, data: strings };
}

/**
 * The place of the elements in a .npy file, so that only some can be read; undefined for text and Fortran order,
 * which are read whole.
 */
export function npyLayout(
  head: Uint8Array,
): { readonly dtype: DType; readonly dims: readonly number[]; readonly offset: number } | undefined {
  const { code, bigEndian, columnsFirst, dims, offset } = readHeader(head);
  const dtype = DTYPE_OF[code];
  if (dtype === undefined || (bigEndian && bitsOf(dtype) > 8)) return undefined;
  return columnsFirst && dims.length > 1 ? undefined : { dtype, dims, offset };
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
  const dims = (shape?.[1] ?? "").split(",").filter((part) => part.trim() !== "");
  const sizes = dims.map(Number);
  if (descr === null || order === null || shape === null || !Number.isSafeInteger(tensorSize(sizes))) {
    throw errors.npyHeaderIsDamaged();
  }
  return {
    code: descr[2] ?? "",
    bigEndian: descr[1] === ">",
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
  for (let to = 0; to < count; to++) {
    const from = index.reduce((sum, at, axis) => sum + at * (strides[axis] ?? 0), 0);
    out.set(data.subarray(from * width, (from + 1) * width), to * width);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      index[axis] = next === dims[axis] ? 0 : next;
      if (index[axis] !== 0) break;
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
