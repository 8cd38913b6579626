import { addProduct } from "../../float64/gemm.js";
import {
  allocate,
  broadcastDims,
  broadcastStrides,
  expand,
  forEachRow,
  type ReferenceTensor,
  referenceTensor,
  sizeOf,
} from "../../float64/tensor.js";
import type { FacetTable } from "../../rules/facet.js";
import type { ReferenceRule } from "../../rules/reference/rule.js";
import { zip } from "../elementwise/reference.js";
import { errors } from "./errors.js";
import type { OPERATORS } from "./operators.js";
import { einsum } from "./reference-einsum.js";

/** numpy.matmul: the last two axes are matrices, the others broadcast, and a vector is a row or a column. */
export function multiply(a: ReferenceTensor, b: ReferenceTensor): ReferenceTensor {
  if (a.dims.length === 0 || b.dims.length === 0) throw errors.operandIsScalar();
  const left = a.dims.length === 1 ? [1, ...a.dims] : a.dims;
  const right = b.dims.length === 1 ? [...b.dims, 1] : b.dims;
  const [rows = 1, depth = 1] = left.slice(-2);
  const [rightDepth = 1, columns = 1] = right.slice(-2);
  if (depth !== rightDepth) throw errors.matricesDoNotFit("MatMul", a.dims, b.dims);
  const outer = broadcastDims(left.slice(0, -2), right.slice(0, -2));
  const out = allocate(sizeOf(outer) * rows * columns);
  const aBases = basesOf(left.slice(0, -2), outer, rows * depth);
  const bBases = basesOf(right.slice(0, -2), outer, depth * columns);
  aBases.forEach((base, index) => {
    addProduct({
      rows,
      depth,
      columns,
      a: { data: a.data, base, rowStride: depth, columnStride: 1 },
      b: { data: b.data, base: bBases[index] ?? 0, rowStride: columns, columnStride: 1 },
      out,
      outBase: index * rows * columns,
    });
  });
  const dims = [...outer, ...(a.dims.length === 1 ? [] : [rows]), ...(b.dims.length === 1 ? [] : [columns])];
  return referenceTensor(a.dtype, dims, out);
}

/** The first element of each matrix of a broadcast stack. */
function basesOf(from: readonly number[], to: readonly number[], matrix: number): number[] {
  const strides = broadcastStrides(from, to).map((stride) => stride * matrix);
  const bases: number[] = [];
  const step = strides.at(-1) ?? 0;
  forEachRow(to, strides, (_, offset) => {
    for (let i = 0; i < (to.at(-1) ?? 1); i++) bases.push(offset + i * step);
  });
  return bases;
}

const gemm: ReferenceRule = (c) => {
  const [a, b] = [c.input(0), c.input(1)];
  const [transA, transB] = [c.int("transA", 0) !== 0, c.int("transB", 0) !== 0];
  const [alpha, beta] = [c.float("alpha", 1), c.float("beta", 1)];
  const [a0 = 1, a1 = 1] = a.dims;
  const [b0 = 1, b1 = 1] = b.dims;
  const [rows, depth] = transA ? [a1, a0] : [a0, a1];
  const [rightDepth, columns] = transB ? [b1, b0] : [b0, b1];
  if (a.dims.length !== 2 || b.dims.length !== 2 || depth !== rightDepth)
    throw errors.matricesDoNotFit("Gemm", a.dims, b.dims);
  const out = allocate(rows * columns);
  addProduct({
    rows,
    depth,
    columns,
    a: { data: a.data, base: 0, rowStride: transA ? 1 : a1, columnStride: transA ? a1 : 1 },
    b: { data: b.data, base: 0, rowStride: transB ? 1 : b1, columnStride: transB ? b1 : 1 },
    out,
    outBase: 0,
  });
  const bias = c.optional(2);
  const added = bias === undefined ? undefined : expand(bias, [rows, columns]).data;
  for (let i = 0; i < out.length; i++)
    out[i] = alpha * (out[i] ?? 0) + (added === undefined ? 0 : beta * (added[i] ?? 0));
  return [referenceTensor(a.dtype, [rows, columns], out)];
};

/** By elimination with the largest pivot of each column. */
const det: ReferenceRule = (c) => {
  const x = c.input(0);
  const [rows = 1, n = 1] = x.dims.slice(-2);
  if (x.dims.length < 2 || rows !== n) throw errors.matricesDoNotFit("Det", x.dims, x.dims);
  const outer = x.dims.slice(0, -2);
  const out = allocate(sizeOf(outer));
  for (let index = 0; index < out.length; index++)
    out[index] = determinant(Float64Array.from(x.data.slice(index * n * n, (index + 1) * n * n)), n);
  return [referenceTensor(x.dtype, outer, out)];
};

/** Works in place on the rows of an n x n matrix. */
function determinant(matrix: Float64Array, n: number): number {
  const at = (row: number, column: number): number => matrix[row * n + column] ?? 0;
  let result = 1;
  for (let pivot = 0; pivot < n; pivot++) {
    let best = pivot;
    for (let row = pivot + 1; row < n; row++)
      if (Math.abs(at(row, pivot)) > Math.abs(at(best, pivot))) best = row;
    if (at(best, pivot) === 0) return 0;
    if (best !== pivot) {
      const taken = matrix.slice(best * n, (best + 1) * n);
      matrix.copyWithin(best * n, pivot * n, (pivot + 1) * n);
      matrix.set(taken, pivot * n);
      result = -result;
    }
    result *= at(pivot, pivot);
    for (let row = pivot + 1; row < n; row++) {
      const factor = at(row, pivot) / at(pivot, pivot);
      for (let column = pivot; column < n; column++)
        matrix[row * n + column] = at(row, column) - factor * at(pivot, column);
    }
  }
  return result;
}

/** A tensor minus its zero point, which is a scalar, or one number per row of A (`axis` -2) or column of B (-1). */
export function centred(
  x: ReferenceTensor,
  zero: ReferenceTensor | undefined,
  axis: -1 | -2,
): ReferenceTensor {
  if (zero === undefined) return x;
  const dims =
    zero.dims.length === 1 && axis === -2 && zero.data.length > 1 ? [zero.data.length, 1] : zero.dims;
  return zip(x, { ...zero, dims }, (value, point) => value - point);
}

export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  Det: det,
  Einsum: einsum,
  Gemm: gemm,
  MatMul: (c) => [multiply(c.input(0), c.input(1))],
};
