import { allocate } from "./tensor.js";

/** Columns of B that are packed at a time, and depth of a block: together they fit the second-level cache. */
const COLUMNS = 128;
const DEPTH = 256;

/** A matrix in memory: element (i, j) at `base + i * rowStride + j * columnStride`. */
export interface MatrixView {
  readonly data: Float64Array;
  readonly base: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** Writes B[k, j] for k in [k0, k0 + depth), j in [j0, j0 + columns) to `target`, row by row, `columns` wide. */
export type FillColumns = (
  target: Float64Array,
  k0: number,
  depth: number,
  j0: number,
  columns: number,
) => void;

/** A product of matrices, and the place of its result. */
export interface Product {
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  readonly a: MatrixView;
  /** B, or a function that computes its blocks: the patches of a convolution are never in memory as a whole. */
  readonly b: MatrixView | FillColumns;
  /** Row-major; the product is added to what is there, from `outBase` on. */
  readonly out: Float64Array;
  readonly outBase: number;
}

/**
 * out += A B in float64, in blocks. JavaScript engines keep sixteen local accumulators in registers, so that this is about as
 * fast as scalar code can be.
 */
export function addProduct(product: Product): void {
  const { rows, depth, columns, a, b, out, outBase } = product;
  if (rows === 0 || depth === 0 || columns === 0) return;
  const block = Math.min(DEPTH, depth);
  const packedRows = Math.ceil(rows / 4);
  const packedA = allocate(packedRows * 4 * block);
  const raw = new Float64Array(block * COLUMNS);
  const packedB = new Float64Array(block * COLUMNS);
  const fill = typeof b === "function" ? b : fillFrom(b);
  for (let k0 = 0; k0 < depth; k0 += block) {
    const deep = Math.min(block, depth - k0);
    packA(packedA, a, rows, k0, deep);
    for (let j0 = 0; j0 < columns; j0 += COLUMNS) {
      const wide = Math.min(COLUMNS, columns - j0);
      fill(raw, k0, deep, j0, wide);
      packB(packedB, raw, deep, wide);
      for (let i = 0; i < rows; i += 4) {
        const panelA = i * deep;
        for (let j = 0; j < wide; j += 4) {
          const high = Math.min(4, rows - i);
          const at = outBase + i * columns + j0 + j;
          addTile(packedA, panelA, packedB, j * deep, deep, out, at, columns, high, Math.min(4, wide - j));
        }
      }
    }
  }
}

function fillFrom(b: MatrixView): FillColumns {
  return (target, k0, depth, j0, columns) => {
    for (let k = 0; k < depth; k++) {
      let at = b.base + (k0 + k) * b.rowStride + j0 * b.columnStride;
      for (let j = 0; j < columns; j++, at += b.columnStride) target[k * columns + j] = b.data[at] ?? 0;
    }
  };
}

/** Panels of four rows, depth by depth. Rows past the end keep old numbers, because their products are never stored. */
function packA(target: Float64Array, a: MatrixView, rows: number, k0: number, depth: number): void {
  for (let i = 0; i < rows; i++) {
    const panel = (i >> 2) * 4 * depth + (i & 3);
    let at = a.base + i * a.rowStride + k0 * a.columnStride;
    for (let k = 0; k < depth; k++, at += a.columnStride) target[panel + 4 * k] = a.data[at] ?? 0;
  }
}

function packB(target: Float64Array, raw: Float64Array, depth: number, columns: number): void {
  for (let j = 0; j < columns; j++) {
    const panel = (j >> 2) * 4 * depth + (j & 3);
    for (let k = 0; k < depth; k++) target[panel + 4 * k] = raw[k * columns + j] ?? 0;
  }
}

function addTile(
  a: Float64Array,
  a0: number,
  b: Float64Array,
  b0: number,
  depth: number,
  out: Float64Array,
  at: number,
  stride: number,
  high: number,
  wide: number,
): void {
  let c00 = 0;
  let c01 = 0;
  let c02 = 0;
  let c03 = 0;
  let c10 = 0;
  let c11 = 0;
  let c12 = 0;
  let c13 = 0;
  let c20 = 0;
  let c21 = 0;
  let c22 = 0;
  let c23 = 0;
  let c30 = 0;
  let c31 = 0;
  let c32 = 0;
  let c33 = 0;
  const end = a0 + 4 * depth;
  for (let i = a0, j = b0; i < end; i += 4, j += 4) {
    const x0 = a[i] ?? 0;
    const x1 = a[i + 1] ?? 0;
    const x2 = a[i + 2] ?? 0;
    const x3 = a[i + 3] ?? 0;
    const y0 = b[j] ?? 0;
    const y1 = b[j + 1] ?? 0;
    const y2 = b[j + 2] ?? 0;
    const y3 = b[j + 3] ?? 0;
    c00 += x0 * y0;
    c01 += x0 * y1;
    c02 += x0 * y2;
    c03 += x0 * y3;
    c10 += x1 * y0;
    c11 += x1 * y1;
    c12 += x1 * y2;
    c13 += x1 * y3;
    c20 += x2 * y0;
    c21 += x2 * y1;
    c22 += x2 * y2;
    c23 += x2 * y3;
    c30 += x3 * y0;
    c31 += x3 * y1;
    c32 += x3 * y2;
    c33 += x3 * y3;
  }
  addRow(out, at, wide, c00, c01, c02, c03);
  if (high > 1) addRow(out, at + stride, wide, c10, c11, c12, c13);
  if (high > 2) addRow(out, at + 2 * stride, wide, c20, c21, c22, c23);
  if (high > 3) addRow(out, at + 3 * stride, wide, c30, c31, c32, c33);
}

function addRow(
  out: Float64Array,
  at: number,
  wide: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
): void {
  out[at] = (out[at] ?? 0) + c0;
  if (wide > 1) out[at + 1] = (out[at + 1] ?? 0) + c1;
  if (wide > 2) out[at + 2] = (out[at + 2] ?? 0) + c2;
  if (wide > 3) out[at + 3] = (out[at + 3] ?? 0) + c3;
}
