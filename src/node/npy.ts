import { NormfoldError } from "../base/errors.js";
import { bitsOf, type DType } from "../ir/dtype.js";
import { type RuntimeTensor, tensorSize } from "../runtime/runtime.js";

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
  /** Without the byte order: f4, U12. */
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
  if (dtype === undefined) {
    throw new NormfoldError(
      "unsupported",
      `NumPy type "${header.code}" has no ONNX type; save numbers or text`,
    );
  }
  const width = text === null ? bitsOf(dtype) / 8 : Number(text[2]) * (text[1] === "U" ? 4 : 1);
  const data = bytes.subarray(header.offset);
  if (header.bigEndian && width > 1 && text?.[1] !== "S") {
    throw new NormfoldError(
      "unsupported",
      "big-endian data is not read; save it as little-endian, the default",
    );
  }
  if (data.length < count * width) {
    throw new NormfoldError(
      "invalid",
      `the array [${dims}] takes ${count * width} bytes, and there are ${data.length}; the file is cut off`,
    );
  }
  const ordered = header.columnsFirst && dims.length > 1 ? rowsFirst(data, dims, width) : data;
  if (text === null) return { dtype, dims, data: ordered.slice(0, count * width) };
  const decode = text[1] === "U" ? utf32 : latin;
  const strings = Array.from({ length: count }, (_, i) =>
    decode(ordered.subarray(i * width, (i + 1) * width)),
  );
  return { dtype: "string", dims, data: strings };
}

/** Where the elements of a .npy file are, for reading some of them; undefined for text and Fortran order, which are read whole. */
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
    throw new NormfoldError("invalid", "this is no NumPy array; save it with numpy.save or numpy.savez");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = view.getUint8(6) >= 2;
  const start = long ? 12 : 10;
  const length = bytes.length < start ? 0 : long ? view.getUint32(8, true) : view.getUint16(8, true);
  const text = ASCII.decode(bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([<>|=]?)([a-zA-Z]\d*)'/.exec(text);
  const order = /'fortran_order':\s*(True|False)/.exec(text);
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text);
  if (/'descr':\s*\[/.test(text)) {
    throw new NormfoldError(
      "unsupported",
      "this is a NumPy record array; save each field as an array of its own",
    );
  }
  const dims = (shape?.[1] ?? "").split(",").filter((part) => part.trim() !== "");
  const sizes = dims.map(Number);
  if (descr === null || order === null || shape === null || !Number.isSafeInteger(tensorSize(sizes))) {
    throw new NormfoldError("invalid", "the header of the NumPy array is damaged; save it again");
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
    if (point > 0x10ffff) throw new NormfoldError("invalid", `${point} is no character; the file is damaged`);
    text += String.fromCodePoint(point);
  }
  return text.replace(/\0+$/, "");
}

function latin(bytes: Uint8Array): string {
  return ASCII.decode(bytes).replace(/\0+$/, "");
}
