import type { ByteSource } from "../base/bytes.js";
import { bitsOf } from "../ir/dtype.js";
import { Tensor } from "../ir/tensor.js";
import { boundDepth } from "./derived-tensor.js";

/** The bytes of rows that are made at once: few enough to hold, and so many that the source is read in long pieces. */
const HELD = 2 ** 24;

/** Reads shorter than this are samples, for which only the rows that they touch are made. */
const SAMPLE = 2 ** 13;

/** The transpose of each matrix, so that two that share a weight share its transpose, and the matrix that each was made from. */
const TRANSPOSES = new WeakMap<Tensor, Tensor>();
const SOURCES = new WeakMap<Tensor, Tensor>();

/** Whether the elements can be moved about: whole bytes that are there. */
export function canTransposeMatrix({ dims, dtype, data }: Tensor): boolean {
  const width = bitsOf(dtype) / 8;
  return dims.length === 2 && Number.isInteger(width) && data.kind !== "strings" && data.kind !== "missing";
}

/** The matrix that transposeMatrix made this one from. */
export function transposedFrom(tensor: Tensor): Tensor | undefined {
  return SOURCES.get(tensor);
}

/**
 * A matrix with rows and columns exchanged; canTransposeMatrix has to hold. It is made when its bytes are read, some rows at a
 * time, and nothing of it is held once its last row has been read.
 */
export function transposeMatrix(tensor: Tensor): Tensor {
  const known = SOURCES.get(tensor) ?? TRANSPOSES.get(tensor);
  if (known !== undefined) return known;
  const [rows = 1, columns = 1] = tensor.dims;
  const width = bitsOf(tensor.dtype) / 8;
  const source = transposedSource(tensor, rows, columns, width);
  const range = { source, offset: 0, length: source.size };
  const transposed = boundDepth(new Tensor(tensor.dtype, [columns, rows], { kind: "range", range }), [
    tensor,
  ]);
  TRANSPOSES.set(tensor, transposed);
  SOURCES.set(transposed, tensor);
  return transposed;
}

function transposedSource(tensor: Tensor, rows: number, columns: number, width: number): ByteSource {
  const stride = rows * width;
  const size = stride * columns;
  const atOnce = Math.max(1, Math.min(columns, Math.floor(HELD / Math.max(1, stride))));
  const make = (first: number, count: number): Uint8Array =>
    transposedColumns(tensor, { rows, columns, width, first, count });
  let held: { readonly first: number; readonly bytes: Uint8Array } | undefined;
  const sample = (target: Uint8Array, offset: number): void => {
    const first = Math.floor(offset / stride);
    const count = Math.ceil((offset + target.length) / stride) - first;
    const start = offset - first * stride;
    target.set(make(first, count).subarray(start, start + target.length));
  };
  const readInto = (target: Uint8Array, offset: number): void => {
    if (held === undefined && target.length <= FEW && (offset | target.length) % width === 0) {
      readElements(tensor, { rows, columns, width }, target, offset);
      return;
    }
    for (let done = 0; done < target.length; ) {
      const at = offset + done;
      const first = Math.floor(at / (stride * atOnce)) * atOnce;
      if (held?.first !== first) {
        if (target.length < SAMPLE) {
          sample(target, offset);
          return;
        }
        held = { first, bytes: make(first, Math.min(atOnce, columns - first)) };
      }
      const start = at - first * stride;
      const part = held.bytes.subarray(start, start + target.length - done);
      target.set(part, done);
      done += part.length;
    }
    if (offset + target.length === size) held = undefined;
  };
  return {
    size,
    readInto,
    read: (offset, length) => {
      const bytes = new Uint8Array(length);
      readInto(bytes, offset);
      return bytes;
    },
  };
}

/** Bytes of a read that is a look at the matrix, for which no rows are made. */
const FEW = 2 ** 7;

/** Fills `target` with elements of the transpose, each read where it is in the matrix. */
function readElements(
  tensor: Tensor,
  { rows, columns, width }: Sizes,
  target: Uint8Array,
  offset: number,
): void {
  for (let done = 0; done < target.length; done += width) {
    const at = (offset + done) / width;
    const place = (at % rows) * columns + Math.floor(at / rows);
    tensor.readInto(target.subarray(done, done + width), place * width);
  }
}

interface Sizes {
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
}

interface Piece extends Sizes {
  /** The columns of the matrix that are wanted. */
  readonly first: number;
  readonly count: number;
}

/** Rows that are read before they are written as columns, because a write beside the last one is the fastest. */
const TILE = 64;

/** Columns of the matrix as rows. */
function transposedColumns(tensor: Tensor, { rows, columns, width, first, count }: Piece): Uint8Array {
  const result = new Uint8Array(rows * count * width);
  const tile = new Uint8Array(TILE * count * width);
  // Elements are moved as whole numbers: copying floating-point ones could change the bits of a NaN.
  const Word = width % 4 === 0 ? Uint32Array : width === 2 ? Uint16Array : Uint8Array;
  const [from, to] = [new Word(tile.buffer), new Word(result.buffer)];
  const words = width / Word.BYTES_PER_ELEMENT;
  for (let top = 0; top < rows; top += TILE) {
    const height = Math.min(TILE, rows - top);
    // Whole rows lie one behind the other, and one read of a file costs as much as copying them.
    const lines = count === columns ? 1 : height;
    const line = (height / lines) * count * width;
    for (let row = 0; row < lines; row++) {
      tensor.readInto(tile.subarray(row * line, (row + 1) * line), ((top + row) * columns + first) * width);
    }
    // Two words of one element are two columns of a matrix, but stay together.
    for (let column = 0; column < count * words; column++) {
      let at = (Math.floor(column / words) * rows + top) * words + (column % words);
      for (let row = 0, source = column; row < height; row++, source += count * words, at += words) {
        to[at] = from[source] ?? 0;
      }
    }
  }
  return result;
}
