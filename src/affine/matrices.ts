import type { FloatDType } from "../ir/dtype.js";
import type { Tensor } from "../ir/tensor.js";
import { derivedTensor, readElements } from "./derived-tensor.js";

/** factor * tensor */
export interface Scaled {
  readonly factor: number;
  readonly tensor: Tensor;
}

/** The sum of multiples of tensors of one shape, made in float64 when its bytes are read, and rounded once. */
export function addScaled(dtype: FloatDType, dims: readonly number[], terms: readonly Scaled[]): Tensor {
  const sources = terms.map(({ tensor }) => tensor);
  return derivedTensor(dtype, dims, sources, (first, count) => {
    const sums = new Float64Array(count);
    for (const { factor, tensor } of terms) {
      const addends = readElements(tensor, first, count);
      for (let i = 0; i < count; i++) sums[i] = (sums[i] ?? NaN) + factor * (addends[i] ?? NaN);
    }
    return sums;
  });
}

/** A matrix of float64 in row-major order. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** The matrix that a tensor [rows, columns] stores, or stores transposed. */
export function matrixOf(tensor: Tensor, transposed: boolean): Matrix {
  const [rows = 0, columns = 0] = tensor.dims;
  const values = tensor.toFloat64();
  if (!transposed) return { rows, columns, values };
  const turned = new Float64Array(values.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) turned[c * rows + r] = values[r * columns + c] ?? NaN;
  }
  return { rows: columns, columns: rows, values: turned };
}

/** a * b, where a has as many columns as b has rows. */
export function multiplyMatrices(a: Matrix, b: Matrix): Matrix {
  const { rows, columns: inner } = a;
  const { columns } = b;
  const values = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let k = 0; k < inner; k++) {
      const factor = a.values[r * inner + k] ?? NaN;
      for (let c = 0; c < columns; c++) {
        values[r * columns + c] =
          (values[r * columns + c] ?? NaN) + factor * (b.values[k * columns + c] ?? NaN);
      }
    }
  }
  return { rows, columns, values };
}
